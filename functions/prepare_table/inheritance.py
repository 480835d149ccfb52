"""Answers that an earlier attempt at a table paid for, before something else broke it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windfall.checkpoints import Checkpoints
from windfall.contracts.scoring import Payload
from windfall.contracts.table import ScoringMode
from windfall.tables import workroom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windfall.contracts.scoring import TableAnalysis
    from windfall.ports.storage import ObjectStore


def inherit(store: ObjectStore, analysis: TableAnalysis, parts: Sequence[Payload]) -> int | None:
    """Take over the answers to payloads of the same bytes; none where everything is forced.

    Asynchronous requests are found by their rows instead (submit_inference).

    Returns:
        The attempt that had every payload scored; None if some are left to be scored.

    Raises:
        TransientError: S3 is busy.
    """
    if analysis.forced or analysis.table.mode is ScoringMode.ASYNC:
        return None
    own = _work(store, analysis, analysis.attempt)
    sent = {part.number: part for part in parts if part.rows}
    for attempt in range(analysis.attempt - 1, 0, -1):
        before = _work(store, analysis, attempt)
        names = {
            number: workroom.output_name(number, analysis.table.content_type)
            for number in _answered(before, analysis, sent)
        }
        known = own.saved("outputs/")
        copies = [
            (before.place(name), own.place(name).key)
            for name in names.values()
            if name not in known
        ]
        store.copy_many(copies, analysis.output.bucket)
        if names.keys() == sent.keys():
            origin = _origin(before) or attempt
            own.save(workroom.SCORED_BY, str(origin).encode(), "text/plain")
            return origin
    return None


def _origin(work: Checkpoints) -> int | None:
    """The attempt that an attempt has its own answers from."""
    is_heir = workroom.SCORED_BY in work.saved(workroom.SCORED_BY)
    return int(work.part(workroom.SCORED_BY)) if is_heir else None


def _answered(before: Checkpoints, analysis: TableAnalysis, sent: dict[int, Payload]) -> list[int]:
    """The payloads that were the same then, and were answered."""
    saved = before.saved()
    there = [
        number
        for number in sent
        if workroom.part_name(number) in saved
        and workroom.output_name(number, analysis.table.content_type) in saved
    ]
    bodies = before.parts([workroom.part_name(number) for number in there])
    was = [Payload.model_validate_json(body).sha256 for body in bodies]
    return [number for number, sha in zip(there, was, strict=True) if sha == sent[number].sha256]


def _work(store: ObjectStore, analysis: TableAnalysis, attempt: int) -> Checkpoints:
    location = workroom.work_location(analysis.model_copy(update={"attempt": attempt}))
    return Checkpoints(store, location, workroom.FEATURE)
