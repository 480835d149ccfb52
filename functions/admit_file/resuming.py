"""Starting an execution and recording a file: what can be done again whenever it may be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from windfall import identity
from windfall.ports.insights import ANALYZING, AnalysisState

if TYPE_CHECKING:
    from windfall.contracts.outcome import Outcome
    from windfall.contracts.subject import AnalysisSubject
    from windfall.ports.collaborators import Workflows
    from windfall.ports.insights import AnalysisRow, Attachment, FileRow, InsightsIndex
    from windfall.recording import Recorder


@dataclass(frozen=True, slots=True)
class Resumer:
    """Does what follows a claim, as often as it is asked to."""

    index: InsightsIndex
    workflows: Workflows
    recorder: Recorder

    def resume(self, row: FileRow) -> str:
        """Do what an earlier delivery of the same event may have left undone."""
        if row.status != ANALYZING:
            self.recorder.announce_again(row)
            return f"known: {row.status}"
        analysis = self.index.analysis(row.analysis_id or "")
        if analysis is None or analysis.attempt != row.attempt:
            return "known: its analysis moved on"
        if analysis.state is AnalysisState.RUNNING:
            self.start(analysis.subject, analysis.document)
            return f"known: analysis {analysis.analysis_id} runs"
        for attachment in self.index.attachments(analysis.analysis_id, analysis.attempt):
            # Only a file that attached after the recording can still wait here.
            if (attachment.file.file_id, attachment.revision) == (row.file_id, row.revision):
                self.record_again(attachment, analysis)
        return f"reused analysis {analysis.analysis_id}"

    def start(self, subject: AnalysisSubject, document: str) -> None:
        """Start the execution of an attempt, unless it was started before."""
        name = identity.execution_name(subject.analysis_id, subject.attempt)
        self.workflows.start(subject.kind, name, document, subject.trace_id)

    def record_again(self, attachment: Attachment, analysis: AnalysisRow) -> None:
        """Record a file from the outcomes of an analysis that ended before it came."""
        outcomes: list[Outcome] = analysis.outcomes or []
        insights = self.recorder.gather(analysis.subject, outcomes)
        self.recorder.record(attachment, analysis.subject, insights)
