"""What the tasks of score_table hand to each other."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, Sha256
from windfall.contracts.input_contract import InputContract
from windfall.contracts.outcome import Outcome
from windfall.contracts.subject import AnalysisSubject
from windfall.contracts.table import TableLayout, TablePlan
from windfall.training.jobs import TaskError


class TableAnalysis(AnalysisSubject):
    """An analysis of a table, as those read it who score it."""

    table: TablePlan
    layout: TableLayout


class PrepareTableTask(Contract):
    """A table to be prepared."""

    analysis: TableAnalysis


class Sheet(Contract):
    """What is known of a table before its rows are.

    Attributes:
        header: The names of its columns.
        kept: Those that stand beside the predictions.
        etag: Of the table's object; another one is another table.
        model: What the model takes, if its contract is known.
    """

    header: list[str]
    kept: list[str]
    etag: str
    model: InputContract | None = None


class Payload(Contract):
    """A part of a table that is scored at once.

    Attributes:
        number: From 1.
        rows: How many rows are sent; nothing is scored when there is none.
        read: How many rows of the table it covers, sent or rejected.
        sha256: Of the bytes that are sent: the request's name is made from it.
        reasons: Why the first rejected rows are.
    """

    number: int = Field(ge=1)
    rows: int = Field(ge=0)
    read: int = Field(ge=1)
    sha256: Sha256
    size: int = Field(ge=0)
    reasons: list[str] = Field(default_factory=list)


class Transform(Contract):
    """A batch transform job that scores every payload; `done` when an earlier attempt had it."""

    job: str
    source: str
    output: str
    payload_megabytes: int
    done: bool = False


class PreparedTable(Contract):
    """A table that is ready to be scored.

    Attributes:
        payloads: Their numbers; none when the table can not be scored.
        transform: For batch transform.
    """

    outcomes: list[Outcome]
    payloads: list[int]
    transform: Transform | None = None


class ScoredPayload(Contract):
    """How the scoring of one payload ended.

    Attributes:
        output: Where the answer lies (`s3://…`); null where it lies is known without, or when it
            failed.
        reason: Why it failed, for a person.
    """

    number: int = Field(ge=1)
    output: str | None = None
    reason: str | None = None


class JoinTask(Contract):
    """Predictions to be joined to their rows.

    Attributes:
        scored: How each payload ended; of those that are not listed the answer lies beside the
            payload.
        transform: The name of the batch transform job that scored them; null where none did.
        transforming: What the machine caught while it waited for that job.
    """

    analysis: TableAnalysis
    payloads: list[int]
    scored: list[ScoredPayload] = Field(default_factory=list)
    transform: str | None = None
    transforming: TaskError | None = None
