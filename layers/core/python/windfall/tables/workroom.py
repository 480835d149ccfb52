"""Where the parts of a table lie while it is scored: `scoring/work/<execution>/parts/table/…`.

sheet.json               a `Sheet`: the names of the columns, and what the model takes
payloads/000001.csv      what is sent
outputs/000001.csv.out   the answer to it, where Windfall or a batch transform wrote it
scored_by.txt            the attempt that paid for all answers, when they were taken over from it
rows.000001.csv          what stands beside its predictions: row numbers and kept columns
rejected.000001.csv      rows that are not sent, with their reasons
part.000001.json         a `Payload`, written last: the part is there
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from windfall import identity, keys

if TYPE_CHECKING:
    from windfall.contracts.base import OutputLocation
    from windfall.contracts.input_contract import ContentType
    from windfall.contracts.subject import AnalysisSubject

SUFFIXES: dict[ContentType, str] = {"text/csv": "csv", "application/jsonlines": "jsonl"}
FEATURE = "table"
SHEET, SCORED_BY = "sheet.json", "scored_by.txt"
_PART = re.compile(r"^part\.(\d{6})\.json$")


def work_location(analysis: AnalysisSubject) -> OutputLocation:
    """The folder of an execution's parts."""
    execution = identity.execution_name(analysis.analysis_id, analysis.attempt)
    prefix = keys.scoring_prefix(execution)
    return analysis.output.model_copy(update={"prefix": prefix})


def payload_name(number: int, content_type: ContentType) -> str:
    """The part that is sent."""
    return f"payloads/{number:06}.{SUFFIXES[content_type]}"


def output_name(number: int, content_type: ContentType) -> str:
    """The answer to it, named as a batch transform names its outputs."""
    return f"outputs/{number:06}.{SUFFIXES[content_type]}.out"


def rows_name(number: int) -> str:
    """The rows of a part as they stand beside their predictions."""
    return f"rows.{number:06}.csv"


def rejected_name(number: int) -> str:
    """The rows of a part that are not sent."""
    return f"rejected.{number:06}.csv"


def failure_name(number: int) -> str:
    """Why a part was refused by an endpoint that answers at once."""
    return f"failed.{number:06}.json"


def joined_name(number: int) -> str:
    """The rows of a part with their predictions."""
    return f"joined.{number:06}.csv"


def counts_name(number: int) -> str:
    """What was counted in a part's predictions; it is written last."""
    return f"counts.{number:06}.json"


def part_name(number: int) -> str:
    """What is known of a part; it is written last."""
    return f"part.{number:06}.json"


def parts_done(saved: frozenset[str]) -> int:
    """How many parts are there, from the first one on without a gap."""
    numbers = {int(match[1]) for name in saved if (match := _PART.match(name))}
    done = 0
    while done + 1 in numbers:
        done += 1
    return done
