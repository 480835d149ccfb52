"""Scores payloads by a real-time or serverless endpoint; every answer is kept once it is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from score_rows.models import ScoredRows, ScoreRowsTask
from windfall.checkpoints import Checkpoints, TimeLeft, take_steps
from windfall.contracts.scoring import ScoredPayload
from windfall.errors import InvalidInputError, UnansweredError
from windfall.ports.scoring import BrokenModelError
from windfall.tables import workroom

if TYPE_CHECKING:
    from windfall.contracts.table import TablePlan
    from windfall.ports.scoring import SynchronousScoring
    from windfall.ports.storage import ObjectStore

_WORKERS = 4
"""Requests side by side: what one small instance answers well."""
_PAUSES = (1.0, 5.0)
"""Seconds before a payload that broke the model is sent again, and once more; then it failed."""
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class RowScorer:
    """Scores the payloads of tables."""

    store: ObjectStore
    scoring: SynchronousScoring
    pause: Callable[[float], None] = time.sleep

    def score(self, task: ScoreRowsTask, time_left: TimeLeft) -> ScoredRows:
        """Score every payload that was not scored by an earlier try.

        Raises:
            InvalidInputError: The analysis names no endpoint.
            NotFoundError: There is no such endpoint.
            WorkContinuesError: Time runs low; the answers that are there are kept.
            TransientError: The endpoint is not ready, or busy; try again.
        """
        plan = task.analysis.table
        if plan.endpoint is None:
            raise InvalidInputError("The analysis does not name an endpoint.")
        work = Checkpoints(self.store, workroom.work_location(task.analysis), workroom.FEATURE)
        saved = work.saved()
        left = [number for number in task.payloads if not _is_done(number, plan, saved)]
        take_steps(left, partial(self._score, plan, work), time_left, workers=_WORKERS)
        return ScoredRows(scored=_failures(task.payloads, plan, work))

    def _score(self, plan: TablePlan, work: Checkpoints, number: int) -> None:
        try:
            answer = self._answer(plan, work, number)
        except (InvalidInputError, BrokenModelError, UnansweredError) as error:
            failure = ScoredPayload(number=number, reason=str(error)[:_LONGEST_REASON])
            work.save(workroom.failure_name(number), failure.model_dump_json().encode())
        else:
            name = workroom.output_name(number, plan.content_type)
            work.save(name, answer, plan.content_type)

    def _answer(self, plan: TablePlan, work: Checkpoints, number: int) -> bytes:
        """The model's answer; one that breaks now and then is asked again."""
        name = workroom.payload_name(number, plan.content_type)
        body = work.part(name)

        def ask() -> bytes:
            return self.scoring.score(plan.endpoint or "", body, plan.content_type)

        for seconds in _PAUSES:
            with suppress(BrokenModelError):
                return work.once(name, ask)
            self.pause(seconds)
        return work.once(name, ask)


def _is_done(number: int, plan: TablePlan, saved: frozenset[str]) -> bool:
    return (
        workroom.output_name(number, plan.content_type) in saved
        or workroom.failure_name(number) in saved
    )


def _failures(payloads: list[int], plan: TablePlan, work: Checkpoints) -> list[ScoredPayload]:
    saved = work.saved()
    names = [workroom.failure_name(number) for number in payloads]
    found = work.parts([name for name in names if name in saved])
    return [ScoredPayload.model_validate_json(body) for body in found]
