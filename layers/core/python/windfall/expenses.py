"""What an attempt at an analysis cost, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from windfall.ports.spending import Spent

if TYPE_CHECKING:
    from windfall.contracts.outcome import Outcome
    from windfall.contracts.subject import AnalysisSubject


def spent_on(analysis: AnalysisSubject, outcomes: Sequence[Outcome]) -> Spent:
    """The entry of an attempt: what was paid for before it began is not in it."""
    bought = [
        outcome for outcome in outcomes if outcome.calls and outcome.feature not in analysis.reused
    ]
    return Spent(
        analysis_id=analysis.analysis_id,
        attempt=analysis.attempt,
        day=analysis.received[:10],
        file_id=analysis.file.file_id,
        key=analysis.file.key,
        kind=analysis.kind.value,
        profile=analysis.profile,
        cost=round(sum(outcome.cost or 0.0 for outcome in bought), 9),
        features={outcome.feature: outcome.cost for outcome in bought},
        reserved=analysis.reserved,
    )
