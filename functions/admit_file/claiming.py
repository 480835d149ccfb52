"""Claiming a file: whether it needs an analysis, has one, waits for one, or is to be held."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from admit_file.budgets import OverBudgetError
from admit_file.candidates import Seen, attachment_of
from windfall import identity
from windfall.contracts.manifest import FileStatus
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import ConflictError, TransientError
from windfall.ports.insights import ANALYZING, AnalysisState

if TYPE_CHECKING:
    from admit_file.beginning import Beginner
    from admit_file.candidates import Candidate
    from admit_file.holding import Holder
    from admit_file.models import Arrival
    from admit_file.resuming import Resumer
    from windfall.ports.insights import AnalysisRow, FileRow, InsightsIndex

_CLAIM_TRIES = 8
"""A claim is tried again when somebody else changed the analysis first; each loss is somebody
else's progress, so a handful is plenty."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """Claims files against all others that do so at the same time."""

    index: InsightsIndex
    beginner: Beginner
    holder: Holder
    resumer: Resumer

    def claim(self, candidate: Candidate) -> str:
        """Attach the file to its analysis, beginning it if need be.

        Raises:
            TransientError: Others were quicker each time.
        """
        for attempt in range(_CLAIM_TRIES):
            fresh = attempt == 0 and candidate.inspection.convert is None
            seen = Seen() if fresh else self._seen(candidate)
            if seen.file is not None and _is_settled(seen.file, candidate, seen.analysis):
                return self.resumer.resume(seen.file)
            try:
                return self._attach_or_begin(candidate, seen)
            except ConflictError:
                continue
            except OverBudgetError as over:
                if fresh:
                    continue  # first see whether the file is known already
                attachment = attachment_of(candidate, seen.file)
                with suppress(ConflictError):
                    return self.holder.hold(
                        candidate.arrival, attachment, seen.file, over.hold, str(over)
                    )
        raise TransientError("The file's analysis changes too fast to be claimed; try again.")

    def _seen(self, candidate: Candidate) -> Seen:
        file = candidate.file
        content = identity.content_id(
            file.content_sha256, candidate.inspection.kind, candidate.inspection.format
        )
        return Seen(
            self.index.file(file.file_id),
            self.index.analysis(candidate.analysis_id),
            self.index.analyses_of(content),
        )

    def _attach_or_begin(self, candidate: Candidate, seen: Seen) -> str:
        attachment, analysis = attachment_of(candidate, seen.file), seen.analysis
        if analysis is None or analysis.state is AnalysisState.FAILED:
            return self.beginner.begin(candidate, attachment, seen)
        if analysis.state is AnalysisState.RUNNING:
            self.index.attach(analysis, attachment, seen.file)
            # Its first file may have crashed before it started the execution.
            self.resumer.start(analysis.subject, analysis.document)
            return f"attached to running analysis {analysis.analysis_id}"
        if not self._is_enough(analysis, candidate.arrival):
            return self.beginner.begin(candidate, attachment, seen)
        self.index.attach(analysis, attachment, seen.file)
        self.resumer.record_again(attachment, analysis)
        return f"reused analysis {analysis.analysis_id}"

    def _is_enough(self, analysis: AnalysisRow, arrival: Arrival) -> bool:
        """Whether a recorded analysis has all that is asked for."""
        if arrival.force:
            return False
        if arrival.rerun and any(
            outcome.status is not OutcomeStatus.OK for outcome in analysis.outcomes or []
        ):
            return False
        return self.beginner.folders.is_whole(analysis)


def _is_settled(row: FileRow, candidate: Candidate, analysis: AnalysisRow | None) -> bool:
    """Whether this arrival asks for nothing that the file does not have, or wait for."""
    arrival = candidate.arrival
    if not arrival.requested:
        return True
    if arrival.revision is not None and row.revision > arrival.revision:
        return True  # it was taken on again since somebody saw the need
    if row.status == FileStatus.HELD:
        return row.held_for == arrival.event_id and not arrival.approved
    if row.analysis_id != candidate.analysis_id or analysis is None:
        return False
    if row.status == ANALYZING or analysis.requested_by == arrival.event_id:
        return True
    return row.status != FileStatus.FAILED and not (arrival.rerun or arrival.force)
