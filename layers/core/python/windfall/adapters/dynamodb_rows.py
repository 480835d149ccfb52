"""Rows of the table as DynamoDB writes them, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from windfall import keys
from windfall.adapters.dynamodb_values import Item, plain, wire
from windfall.clock import moment_of
from windfall.contracts.outcome import Outcome
from windfall.contracts.subject import AnalysisSubject, Kind
from windfall.ports.insights import AnalysisRow, AnalysisState, Attachment, FileRow, Term

_EXECUTION_NAME_RESERVED_DAYS = 100
"""A closed execution's name can not be used again for 90 days (StartExecution): an analysis is
remembered for longer, so that a new attempt never meets an old name."""

_TERMS_PER_LIST = 500
"""500 terms of 200 characters, up to 4 bytes each: DynamoDB takes 400 KB an item."""


def expiry(received: str, retention_days: int) -> int:
    """When a row may go, in epoch seconds."""
    return int((moment_of(received) + timedelta(days=retention_days)).timestamp())


def analysis_expiry(attachment: Attachment) -> int:
    """When an analysis may be forgotten."""
    days = max(attachment.retention_days, _EXECUTION_NAME_RESERVED_DAYS)
    return expiry(attachment.received, days)


def file_row(item: Item) -> FileRow:
    """A FILE row; a bucket without versions gives none to its files."""
    values = {"version_id": None, **plain(item)}
    fields: dict[str, Any] = {name: values[name] for name in FileRow._fields if name in values}
    if "kind" in fields:
        fields["kind"] = Kind(fields["kind"])
    return FileRow(**fields)


def analysis_row(item: Item) -> AnalysisRow:
    """An ANALYSIS row."""
    values = plain(item)
    packed = values.get("outcomes")
    return AnalysisRow(
        analysis_id=values["analysis_id"],
        attempt=values["attempt"],
        state=AnalysisState(values["state"]),
        subject=AnalysisSubject.model_validate_json(values["input"]),
        document=values["input"],
        attachments=values["attachments"],
        requested_by=values["requested_by"],
        outcomes=None if packed is None else unpack_outcomes(bytes(packed)),
        redrives=values.get("redrives", 0),
    )


def attachment_of(item: Item) -> Attachment:
    """The file of an attachment row."""
    return Attachment.model_validate_json(item["document"]["S"])


def pack_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """Outcomes in little room: a state's 256 KiB at most, so always below an item's 400 KB."""
    documents = [outcome.model_dump(mode="json") for outcome in outcomes]
    return zlib.compress(json.dumps(documents, ensure_ascii=False).encode())


def unpack_outcomes(packed: bytes) -> list[Outcome]:
    """Outcomes as they were packed."""
    return [Outcome.model_validate(outcome) for outcome in json.loads(zlib.decompress(packed))]


def generation_rows(
    attachment: Attachment, outcomes: Iterable[Outcome], terms: Sequence[Term]
) -> list[Item]:
    """Every row of a generation: outcomes, lists of terms, terms."""
    file_id, generation = attachment.file.file_id, generation_of(attachment.revision)
    expires = expiry(attachment.received, attachment.retention_days)
    pk = keys.file_pk(file_id)
    rows: list[dict[str, Any]] = [
        {
            "pk": pk,
            "sk": keys.outcome_sk(generation, outcome.feature),
            "feature": outcome.feature,
            "status": outcome.status.value,
            "reason": outcome.reason,
            "document": outcome.model_dump_json(),
        }
        for outcome in outcomes
    ]
    for number, start in enumerate(range(0, len(terms), _TERMS_PER_LIST)):
        part = terms[start : start + _TERMS_PER_LIST]
        listed = json.dumps([[term.type, term.normalised] for term in part], ensure_ascii=False)
        rows.append({"pk": pk, "sk": keys.term_list_sk(generation, number), "terms": listed})
    rows.extend(
        {
            "pk": keys.term_pk(term.type, term.normalised),
            "sk": keys.term_sk(file_id, generation),
            "file_id": file_id,
            "generation": generation,
            "type": term.type,
            "text": term.text,
            "feature": term.feature,
            "score": term.score,
            "count": term.count,
        }
        for term in terms
    )
    return [wire({**row, "expires": expires}) for row in rows]


def generation_of(revision: int) -> str:
    """A generation's name: later ones sort later."""
    return f"{revision:08}"


def listed_terms(item: Item) -> list[tuple[str, str]]:
    """The types and terms that a list row holds."""
    return [(kind, term) for kind, term in json.loads(item["terms"]["S"])]
