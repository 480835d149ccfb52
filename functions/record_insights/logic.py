"""Recording an analysis: every attached file gets its manifest, rows and event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from record_insights.models import RecordRequest, RecordResult
from windfall.closing import close_analysis, reopen_analysis
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.errors import UnsupportedError
from windfall.expenses import spent_on
from windfall.manifest import status_of
from windfall.ports.insights import AnalysisState, InsightsIndex
from windfall.reasons import readable

if TYPE_CHECKING:
    from windfall.contracts.subject import AnalysisSubject
    from windfall.ports.collaborators import Measurements
    from windfall.ports.spending import Spending
    from windfall.pricing import PriceList
    from windfall.recording import Recorder


@dataclass(frozen=True, slots=True)
class InsightsRecorder:
    """Records the outcomes of one analysis for all the files that wait for it."""

    index: InsightsIndex
    recorder: Recorder
    measurements: Measurements
    prices: PriceList
    spending: Spending

    def record(self, request: RecordRequest) -> RecordResult:
        """Record every attached file, then close the analysis.

        Raises:
            TransientError: Try again; what is done already is not done again.
        """
        analysis = request.analysis
        reopen_analysis(self.index, analysis.analysis_id, analysis.attempt, request.redrives)
        ended = [*request.outcomes, *_skipped(analysis)]
        outcomes = [self.prices.priced(_explained(outcome)) for outcome in ended]
        self.spending.record(spent_on(analysis, outcomes))
        insights = self.recorder.gather(analysis, outcomes)
        files = close_analysis(
            self.index,
            analysis.analysis_id,
            analysis.attempt,
            state=AnalysisState.RECORDED,
            outcomes=outcomes,
            end_file=lambda attachment: self.recorder.record(attachment, analysis, insights),
        )
        for outcome in outcomes:
            self.measurements.feature_ended(outcome.feature, outcome.status.value)
        return RecordResult(manifests=files, status=status_of(outcomes))


def _skipped(analysis: AnalysisSubject) -> list[Outcome]:
    """What admission knew that it can't be found in this file."""
    return [
        Outcome(feature=one.feature, status=OutcomeStatus.SKIPPED, reason=one.reason)
        for one in analysis.skipped
    ]


def _explained(outcome: Outcome) -> Outcome:
    """An outcome whose reason a person can read, though the machine made it of an error."""
    if outcome.reason is None:
        return outcome
    reason = readable(outcome.reason)
    if outcome.status is OutcomeStatus.SKIPPED:
        reason = reason.removeprefix(f"{UnsupportedError.__name__}: ")
    return outcome.model_copy(update={"reason": reason})
