"""What goes over the application's event bus, source `windfall`.

The models are the events' `detail`; the class's name is the detail-type.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract, HexId, S3Pointer, Timestamp
from windfall.contracts.hold import BudgetName
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.subject import Kind

SOURCE = "windfall"


class FileEvent(Contract):
    """What every event about a file says of it."""

    version: Literal["1"] = "1"
    file_id: HexId
    bucket: str
    key: str
    version_id: str | None = None
    kind: Kind | None = None
    received: Timestamp
    recorded: Timestamp
    manifest: S3Pointer


class FileAnalyzed(FileEvent):
    """A file has insights; `features` says how each feature ended."""

    status: Literal["analyzed", "partial"]
    analysis_id: HexId
    attempt: int = Field(ge=1)
    profile: str
    features: dict[str, OutcomeStatus]
    seconds: float = Field(ge=0)
    reused_from: HexId | None = None


class FileRejected(FileEvent):
    """No service takes the file; `reason` is for a person."""

    reason: str


class FileHeld(FileEvent):
    """The file would go over its profile's budget; it waits for `FileApproved` or `FileDeclined`.

    Attributes:
        revision: Of the file, which the answer has to name.
        budget: Which of the profile's budgets; `limit` is what it allows, in US dollars.
        committed: US dollars that were spent or set aside in its day or month.
        cost: US dollars that the file would cost.
    """

    reason: str
    revision: int = Field(ge=1)
    profile: str
    budget: BudgetName
    limit: float = Field(ge=0)
    committed: float
    cost: float = Field(ge=0)


class FileFailed(FileEvent):
    """The analysis broke off, or its settings are wrong; `reason` is for a person."""

    reason: str
    analysis_id: HexId | None = None
    attempt: int | None = Field(default=None, ge=1)
