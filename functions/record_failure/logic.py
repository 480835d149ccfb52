"""Recording that an execution broke off: its files fail, or its folder, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from windfall import identity, reasons
from windfall.closing import close_analysis, reopen_analysis
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.outcome import Outcome
from windfall.contracts.translations import FolderTranslationRequested
from windfall.expenses import spent_on
from windfall.ports.insights import AnalysisState, InsightsIndex

if TYPE_CHECKING:
    from windfall.contracts.executions import ExecutionStatusDetail, ExecutionStatusEvent
    from windfall.folder_recording import FolderRecorder
    from windfall.governor import Governor
    from windfall.ports.spending import Spending
    from windfall.ports.storage import ObjectStore
    from windfall.pricing import PriceList
    from windfall.recording import Recorder

_ENDED = {
    "FAILED": "failed",
    "TIMED_OUT": "took longer than it may",
    "ABORTED": "was stopped by somebody",
}
_LONGEST_REASON = 1_000
"""Characters; the execution's history has the whole of it."""


@dataclass(frozen=True, slots=True)
class FailureRecorder:
    """Ends what an execution was for that did not succeed.

    Attributes:
        folder_machine: The ARN of the machine that translates folders; others analyze files.
    """

    store: ObjectStore
    index: InsightsIndex
    recorder: Recorder
    prices: PriceList
    spending: Spending
    governor: Governor
    folders: FolderRecorder
    folder_machine: str

    def record(self, event: ExecutionStatusEvent) -> str:
        """End every attached file, then the attempt, or the folder; the answer says what was done.

        Of an execution that was redriven, the files wait again.

        Raises:
            TransientError: Deliver the event again; what is done already is not done again.
        """
        if event.detail.status == "RUNNING":
            return self._take_up(event.detail)
        if event.detail.status not in _ENDED:
            return "ignored: nothing broke off"
        if event.detail.state_machine_arn == self.folder_machine:
            return self._fail_folder(event.detail)
        self.governor.abandon(event.detail.name)
        named = identity.parse_execution_name(event.detail.name)
        if named is None:
            return "ignored: no analysis broke off"
        analysis_id, attempt = named
        # That it was redriven before it broke off again may not have been heard of.
        reopen_analysis(self.index, analysis_id, attempt, event.detail.redrive_count)
        analysis = self.index.analysis(analysis_id)
        if analysis is None or analysis.attempt != attempt:
            return "ignored: the analysis moved on"
        if analysis.redrives > event.detail.redrive_count:
            return "ignored: the execution was redriven since"
        if analysis.state is not AnalysisState.RUNNING:
            return f"ignored: the analysis is {analysis.state.value} already"
        paid = self._paid_outcomes(analysis.subject.output)
        outcomes = [self.prices.priced(outcome) for outcome in paid]
        self.spending.record(spent_on(analysis.subject, outcomes))
        reason = reason_of(event.detail, "analysis")
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

    def _take_up(self, detail: ExecutionStatusDetail) -> str:
        """Let the files of an execution that was redriven wait for it again."""
        named = identity.parse_execution_name(detail.name)
        if named is None:
            return "ignored: no analysis was redriven"
        files = reopen_analysis(self.index, *named, detail.redrive_count)
        return "ignored: the analysis moved on" if files is None else f"redriven: {files} files"

    def _fail_folder(self, detail: ExecutionStatusDetail) -> str:
        """Tell who asked for a folder; whatever its job has done so far, asking again finds it."""
        try:
            request = FolderTranslationRequested.model_validate_json(detail.input or "")
        except ValidationError:
            # It failed for that, and the alarm tells: no manifest could name what was wanted.
            return "ignored: what was asked for can not be read"
        reason = reason_of(detail, "translation")
        # Each redrive has an end of its own.
        end = f"{detail.name}.{detail.redrive_count}" if detail.redrive_count else detail.name
        told = self.folders.fail_once(request, reason, end)
        if told is None:
            return "ignored: it was told before"
        return f"{told.status}: folder {request.prefix}"

    def _paid_outcomes(self, output: OutputLocation) -> list[Outcome]:
        """What the features had finished before the execution ended."""
        listed = list(self.store.list(output.bucket, f"{output.prefix}outcomes/"))
        pointers = [S3Pointer(bucket=output.bucket, key=key) for key in listed]
        return [Outcome.model_validate_json(body) for body in self.store.read_many(pointers)]


def reason_of(detail: ExecutionStatusDetail, work: str) -> str:
    """Why the execution ended, for a person."""
    told = reasons.reason_of(detail.error, detail.cause)
    reason = f"The {work} {_ENDED[detail.status]}" + (f" ({told})" if told else "")
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 1]}…"
