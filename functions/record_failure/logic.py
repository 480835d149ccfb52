"""Recording that an execution broke off: every attached file fails, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from windfall import identity, reasons
from windfall.closing import close_analysis
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.outcome import Outcome
from windfall.expenses import spent_on
from windfall.ports.insights import AnalysisState, InsightsIndex

if TYPE_CHECKING:
    from windfall.contracts.executions import ExecutionStatusDetail, ExecutionStatusEvent
    from windfall.governor import Governor
    from windfall.ports.spending import Spending
    from windfall.ports.storage import ObjectStore
    from windfall.pricing import PriceList
    from windfall.recording import Recorder

_ENDED = {
    "FAILED": "The analysis failed",
    "TIMED_OUT": "The analysis took longer than it may",
    "ABORTED": "The analysis was stopped by somebody",
}
_LONGEST_REASON = 1_000
"""Characters; the execution's history has the whole of it."""


@dataclass(frozen=True, slots=True)
class FailureRecorder:
    """Ends the files of an analysis whose execution did not succeed."""

    store: ObjectStore
    index: InsightsIndex
    recorder: Recorder
    prices: PriceList
    spending: Spending
    governor: Governor

    def record(self, event: ExecutionStatusEvent) -> str:
        """End every attached file, then the attempt; the answer says what was done.

        Raises:
            TransientError: Deliver the event again; what is done already is not done again.
        """
        if event.detail.status in _ENDED:
            self.governor.abandon(event.detail.name)
        named = identity.parse_execution_name(event.detail.name)
        if named is None or event.detail.status not in _ENDED:
            return "ignored: no analysis broke off"
        analysis_id, attempt = named
        analysis = self.index.analysis(analysis_id)
        if analysis is None or analysis.attempt != attempt:
            return "ignored: the analysis moved on"
        if analysis.state is not AnalysisState.RUNNING:
            return f"ignored: the analysis is {analysis.state.value} already"
        paid = self._paid_outcomes(analysis.subject.output)
        outcomes = [self.prices.priced(outcome) for outcome in paid]
        self.spending.record(spent_on(analysis.subject, outcomes))
        reason = reason_of(event.detail)
        files = close_analysis(
            self.index,
            analysis_id,
            attempt,
            state=AnalysisState.FAILED,
            outcomes=outcomes,
            end_file=lambda attachment: self.recorder.record_failure(
                attachment, analysis.subject, reason, outcomes
            ),
        )
        return f"failed: {files} files"

    def _paid_outcomes(self, output: OutputLocation) -> list[Outcome]:
        """What the features had finished before the execution ended."""
        listed = list(self.store.list(output.bucket, f"{output.prefix}outcomes/"))
        pointers = [S3Pointer(bucket=output.bucket, key=key) for key in listed]
        return [Outcome.model_validate_json(body) for body in self.store.read_many(pointers)]


def reason_of(detail: ExecutionStatusDetail) -> str:
    """Why the execution ended, for a person."""
    told = reasons.reason_of(detail.error, detail.cause)
    reason = f"{_ENDED[detail.status]} ({told})" if told else f"{_ENDED[detail.status]}"
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 1]}…"
