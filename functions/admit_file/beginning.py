"""Beginning an attempt at an analysis: working copy, what was paid for already, claim, start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from admit_file.folders import Folders
from admit_file.inheriting import Inheritance
from windfall import keys
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.subject import Kind

if TYPE_CHECKING:
    from admit_file.budgets import Budgets
    from admit_file.candidates import Candidate, Seen
    from admit_file.resuming import Resumer
    from windfall.contracts.base import S3Pointer
    from windfall.ports.insights import AnalysisRow, Attachment, InsightsIndex
    from windfall.ports.storage import ObjectStore

_MOST_EARLIER = 25
"""Analyses of the same bytes that are looked at for what they have paid for."""


@dataclass(frozen=True, slots=True)
class Beginner:
    """Begins attempts.

    Attributes:
        bucket: The results bucket.
    """

    store: ObjectStore
    index: InsightsIndex
    budgets: Budgets
    resumer: Resumer
    bucket: str

    @property
    def folders(self) -> Folders:
        """Where the attempts' results go."""
        return Folders(self.store, self.bucket)

    def begin(self, candidate: Candidate, attachment: Attachment, seen: Seen) -> str:
        """Begin a new attempt; what earlier ones paid for is kept, unless it is forced.

        Raises:
            ConflictError: What was seen is no longer so.
            OverBudgetError: The file's profile does not allow it.
            TransientError: Deliver it again.
        """
        earlier = [] if candidate.arrival.force else self._earlier(candidate, seen)
        previous = seen.analysis
        attempt = 1 if previous is None else previous.attempt + 1
        asks_once = candidate.choice.profile.calls.unanswered == "fail"
        output = self.folders.of_attempt(
            candidate.file.file_id,
            candidate.analysis_id,
            previous,
            anew=candidate.arrival.force,
            is_first=not earlier and not _is_reanalysis(candidate, seen),
        )
        plan = AnalysisInput(
            analysis_id=candidate.analysis_id,
            attempt=attempt,
            kind=candidate.inspection.kind,
            profile=candidate.choice.name,
            received=candidate.arrival.received,
            file=candidate.file,
            source=self._source(candidate),
            output=output.model_copy(update={"claimed_by": attempt if asks_once else None}),
            features=candidate.plan.features,
            text=candidate.plan.text,
            audio=candidate.plan.audio,
            video=candidate.plan.video,
            media=candidate.inspection.media,
            skipped=list(candidate.plan.skipped),
            table=candidate.plan.table,
            training=candidate.plan.training,
            layout=candidate.inspection.layout,
            revision=attachment.revision,
            forced=candidate.arrival.force,
            trace_id=candidate.arrival.trace_id,
        )
        if earlier:
            reused = Inheritance(self.store).take_over(plan, earlier)
            plan = plan.model_copy(update={"reused": reused})
        reservation = self.budgets.reserve(
            candidate.choice.profile.budget,
            plan,
            candidate.estimated,
            approved=candidate.arrival.approved,
        )
        if reservation is not None:
            plan = plan.model_copy(update={"reserved": float(reservation.dollars)})
        self.index.begin(
            plan,
            attachment,
            candidate.arrival.event_id,
            previous,
            seen.file,
            seen.analyses,
            reservation,
        )
        self.resumer.start(plan, plan.model_dump_json())
        return f"began analysis {plan.analysis_id}, attempt {plan.attempt}"

    def _earlier(self, candidate: Candidate, seen: Seen) -> list[AnalysisRow]:
        """The analyses of the same bytes whose results may be of use, the latest first."""
        is_alone = candidate.inspection.kind in {Kind.TABLE, Kind.DATASET}
        others = [] if is_alone else sorted(seen.analyses - {candidate.analysis_id})
        del others[_MOST_EARLIER:]
        found = [seen.analysis, *(self.index.analysis(one) for one in others)]
        rows = [row for row in found if row is not None]
        return sorted(rows, key=lambda row: row.subject.received, reverse=True)

    def _source(self, candidate: Candidate) -> S3Pointer:
        """What the services look at: the file, or a working copy that is written now."""
        convert = candidate.inspection.convert
        if convert is None:
            return candidate.snapshot.head.pointer
        copy = convert(candidate.snapshot.stream)
        key = f"{keys.results_prefix(candidate.file.file_id)}working.{copy.extension}"
        return self.store.write(self.bucket, key, copy.body, copy.media_type)


def _is_reanalysis(candidate: Candidate, seen: Seen) -> bool:
    """Whether the file was analyzed under other settings before."""
    return seen.file is not None and seen.file.analysis_id not in {None, candidate.analysis_id}
