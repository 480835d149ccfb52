"""Admitting a file: identify, look, plan, claim, start; every step can be repeated.

What two deliveries, two equal files or a crash can do to each other is decided by the index's
transactions alone. The order is: working copy, claim, start. Whoever finds a claim without knowing
whether its execution was started starts it again, under the same name.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from admit_file.budgets import OverBudgetError
from admit_file.folders import Folders
from admit_file.holding import Holder
from admit_file.inheriting import Inheritance
from admit_file.models import Arrival, Decision, arrival_of
from windfall import identity, keys
from windfall.clock import seconds_between, timestamp
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.profile import Profile
from windfall.contracts.subject import AnalysisSubject, FileIdentity, Kind, Why
from windfall.errors import ConflictError, InvalidInputError, NotFoundError, TransientError
from windfall.planning.profiles import InvalidProfileError
from windfall.ports.insights import (
    ANALYZING,
    AnalysisRow,
    AnalysisState,
    Attachment,
    FileRow,
    InsightsIndex,
)
from windfall.preflight.inspection import inspect

if TYPE_CHECKING:
    from admit_file.budgets import Budgets, Estimated
    from windfall.contracts.outcome import Outcome
    from windfall.planning.files import Choice, FilePlanner
    from windfall.planning.plans import Plan
    from windfall.ports.collaborators import Workflows
    from windfall.ports.storage import ObjectStore
    from windfall.preflight.inspection import Inspection
    from windfall.preflight.snapshot import Snapshot
    from windfall.recording import Recorder

_CLAIM_TRIES = 8
"""A claim is tried again when somebody else changed the analysis first; each loss is somebody
else's progress, so a handful is plenty."""

_MOST_EARLIER = 25
"""Analyses of the same bytes that are looked at for what they have paid for."""


class Candidate(NamedTuple):
    """A file that was looked at and planned for, not yet claimed."""

    arrival: Arrival
    snapshot: Snapshot
    file: FileIdentity
    inspection: Inspection
    choice: Choice
    plan: Plan
    settings_hash: str
    analysis_id: str
    estimated: Estimated


class Seen(NamedTuple):
    """What stood in the index of a file and its bytes; all of it is checked when it is claimed.

    Attributes:
        analyses: All that there were of the same bytes, under whatever settings.
    """

    file: FileRow | None = None
    analysis: AnalysisRow | None = None
    analyses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Admitter:
    """Admits files, one event at a time.

    Attributes:
        bucket: The results bucket.
    """

    store: ObjectStore
    index: InsightsIndex
    workflows: Workflows
    planner: FilePlanner
    recorder: Recorder
    bucket: str
    budgets: Budgets

    def admit(self, body: str, *, redelivered: bool = False) -> str:
        """Admit the file that a queue message tells of; the answer says what was done.

        Raises:
            InvalidInputError: The message names no file.
            TransientError: Deliver it again.
            QuotaExceededError: Deliver it again.
        """
        arrival = arrival_of(body)
        if isinstance(arrival, Decision):
            return self._decide(arrival)
        if arrival.is_folder_marker:
            return "ignored: a folder marker is no file"
        if arrival.bucket == self.bucket:
            return self._refuse_own(arrival)
        if redelivered and not arrival.requested:
            row = self.index.file(_file_id(arrival, None, ""))
            if row is not None:
                return self._resume(row)
        return self._read(arrival)

    def _decide(self, decision: Decision) -> str:
        """Go on with a held file, or end it; what was decided before stays so."""
        row = self.index.file(decision.file_id)
        if row is None:
            return "ignored: there is no such file"
        if row.status != FileStatus.HELD or row.revision != decision.revision:
            return self._resume(row)
        if decision.reason is None:
            return self._read(self._holder.approved(row, decision))
        try:
            return self._holder.decline(row, decision)
        except ConflictError as error:
            raise TransientError("Somebody else decides about the file now.") from error

    @property
    def _holder(self) -> Holder:
        return Holder(self.recorder)

    def _refuse_own(self, arrival: Arrival) -> str:
        """Never analyze results: an analysis would make more of them."""
        if not arrival.requested:
            return "ignored: a result of Windfall's own"
        pointer = S3Pointer(bucket=arrival.bucket, key=arrival.key, version_id=arrival.version_id)
        return self._turn_away(arrival, pointer, "The object lies in Windfall's results bucket.")

    def _read(self, arrival: Arrival) -> str:
        """Read the object and go on with it, or turn it away."""
        wanted = S3Pointer(bucket=arrival.bucket, key=arrival.key, version_id=arrival.version_id)
        if arrival.problem is not None:
            return self._turn_away(arrival, wanted, arrival.problem)
        try:
            source = self.store.open(wanted)
        except NotFoundError:
            return self._turn_away(arrival, wanted, "The object was gone before it could be read.")
        except InvalidInputError as error:
            if not arrival.requested:
                raise  # the inbox must be readable: this is a mistake of the deployment
            return self._turn_away(arrival, wanted, str(error))
        file_id = _file_id(arrival, source.head.pointer.version_id, source.head.etag)
        if arrival.revision is not None:
            # Whoever asks again may have changed the profile just before; events tell seconds.
            age = seconds_between(arrival.received, timestamp(self.recorder.clock()))
            self.planner.profiles.forget(age - 1)
        try:
            with closing(source):
                choice = self.planner.choose(arrival.key, source.head.metadata, arrival.overrides)
                with self.planner.look(source, arrival.key) as snapshot:
                    return self._claim(self._candidate(arrival, snapshot, file_id, choice))
        except InvalidInputError as error:
            head = source.head
            return self._turn_away(
                arrival, head.pointer, str(error), file_id=file_id, size=head.size
            )
        except InvalidProfileError as error:
            head = source.head
            return self._turn_away(
                arrival,
                head.pointer,
                str(error),
                file_id=file_id,
                size=head.size,
                status=FileStatus.FAILED,
            )

    def _candidate(
        self, arrival: Arrival, snapshot: Snapshot, file_id: str, choice: Choice
    ) -> Candidate:
        """Look at the bytes and plan."""
        inspection = inspect(snapshot, arrival.key, choice.tables)
        plan = self.planner.plan(inspection, choice, snapshot.size)
        settings = identity.settings_hash(
            inspection.kind,
            inspection.format,
            plan.features,
            plan.text,
            audio=plan.audio,
            table=plan.table,
            video=plan.video,
            training=plan.training,
        )
        pointer = snapshot.head.pointer
        file = FileIdentity(
            file_id=file_id,
            bucket=pointer.bucket,
            key=pointer.key,
            version_id=pointer.version_id,
            size=snapshot.size,
            format=inspection.format,
            media_type=inspection.media_type,
            content_sha256=snapshot.sha256,
        )
        analysis_id = identity.analysis_id(snapshot.sha256, settings)
        estimated = self.budgets.estimated(choice, plan, inspection, snapshot)
        return Candidate(
            arrival, snapshot, file, inspection, choice, plan, settings, analysis_id, estimated
        )

    def _claim(self, candidate: Candidate) -> str:
        """Attach the file to its analysis, beginning it if need be."""
        for attempt in range(_CLAIM_TRIES):
            fresh = attempt == 0 and candidate.inspection.convert is None
            seen = Seen() if fresh else self._seen(candidate)
            if seen.file is not None and self._is_settled(seen.file, candidate, seen.analysis):
                return self._resume(seen.file)
            try:
                return self._attach_or_begin(candidate, seen)
            except ConflictError:
                continue
            except OverBudgetError as over:
                if fresh:
                    continue  # first see whether the file is known already
                attachment = _attachment(candidate, seen.file)
                with suppress(ConflictError):
                    return self._holder.hold(
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

    def _is_settled(self, row: FileRow, candidate: Candidate, analysis: AnalysisRow | None) -> bool:
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

    def _attach_or_begin(self, candidate: Candidate, seen: Seen) -> str:
        attachment, analysis = _attachment(candidate, seen.file), seen.analysis
        if analysis is None or analysis.state is AnalysisState.FAILED:
            return self._begin(candidate, attachment, seen)
        if analysis.state is AnalysisState.RUNNING:
            self.index.attach(analysis, attachment, seen.file)
            # Its first file may have crashed before it started the execution.
            self._start(analysis.subject, analysis.document)
            return f"attached to running analysis {analysis.analysis_id}"
        if not self._is_enough(analysis, candidate.arrival):
            return self._begin(candidate, attachment, seen)
        self.index.attach(analysis, attachment, seen.file)
        self._record_again(attachment, analysis)
        return f"reused analysis {analysis.analysis_id}"

    def _is_enough(self, analysis: AnalysisRow, arrival: Arrival) -> bool:
        """Whether a recorded analysis has all that is asked for."""
        if arrival.force:
            return False
        if arrival.rerun and any(
            outcome.status is not OutcomeStatus.OK for outcome in analysis.outcomes or []
        ):
            return False
        return self._folders.is_whole(analysis)

    def _begin(self, candidate: Candidate, attachment: Attachment, seen: Seen) -> str:
        """Begin a new attempt; what earlier ones paid for is kept, unless it is forced."""
        earlier = [] if candidate.arrival.force else self._earlier(candidate, seen)
        previous = seen.analysis
        plan = AnalysisInput(
            analysis_id=candidate.analysis_id,
            attempt=1 if previous is None else previous.attempt + 1,
            kind=candidate.inspection.kind,
            profile=candidate.choice.name,
            received=candidate.arrival.received,
            file=candidate.file,
            source=self._source(candidate),
            output=self._folders.of_attempt(
                candidate.file.file_id,
                candidate.analysis_id,
                previous,
                anew=candidate.arrival.force,
                is_first=not earlier and not _is_reanalysis(candidate, seen),
            ),
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
        self._start(plan, plan.model_dump_json())
        return f"began analysis {plan.analysis_id}, attempt {plan.attempt}"

    def _earlier(self, candidate: Candidate, seen: Seen) -> list[AnalysisRow]:
        """The analyses of the same bytes whose results may be of use, the latest first."""
        is_alone = candidate.inspection.kind in {Kind.TABLE, Kind.DATASET}
        others = [] if is_alone else sorted(seen.analyses - {candidate.analysis_id})
        del others[_MOST_EARLIER:]
        found = [seen.analysis, *(self.index.analysis(one) for one in others)]
        rows = [row for row in found if row is not None]
        return sorted(rows, key=lambda row: row.subject.received, reverse=True)

    @property
    def _folders(self) -> Folders:
        return Folders(self.store, self.bucket)

    def _source(self, candidate: Candidate) -> S3Pointer:
        """What the services look at: the file, or a working copy that is written now."""
        convert = candidate.inspection.convert
        if convert is None:
            return candidate.snapshot.head.pointer
        copy = convert(candidate.snapshot.stream)
        key = f"{keys.results_prefix(candidate.file.file_id)}working.{copy.extension}"
        return self.store.write(self.bucket, key, copy.body, copy.media_type)

    def _start(self, subject: AnalysisSubject, document: str) -> None:
        name = identity.execution_name(subject.analysis_id, subject.attempt)
        self.workflows.start(subject.kind, name, document)

    def _record_again(self, attachment: Attachment, analysis: AnalysisRow) -> None:
        """Record a file from the outcomes of an analysis that ended before it came."""
        outcomes: list[Outcome] = analysis.outcomes or []
        insights = self.recorder.gather(analysis.subject, outcomes)
        self.recorder.record(attachment, analysis.subject, insights)

    def _resume(self, row: FileRow) -> str:
        """Do what an earlier delivery of the same event may have left undone."""
        if row.status != ANALYZING:
            self.recorder.announce_again(row)
            return f"known: {row.status}"
        analysis = self.index.analysis(row.analysis_id or "")
        if analysis is None or analysis.attempt != row.attempt:
            return "known: its analysis moved on"
        if analysis.state is AnalysisState.RUNNING:
            self._start(analysis.subject, analysis.document)
            return f"known: analysis {analysis.analysis_id} runs"
        for attachment in self.index.attachments(analysis.analysis_id, analysis.attempt):
            # Only a file that attached after the recording can still wait here.
            if (attachment.file.file_id, attachment.revision) == (row.file_id, row.revision):
                self._record_again(attachment, analysis)
        return f"reused analysis {analysis.analysis_id}"

    def _turn_away(
        self,
        arrival: Arrival,
        pointer: S3Pointer,
        reason: str,
        *,
        file_id: str | None = None,
        size: int | None = None,
        status: FileStatus = FileStatus.REJECTED,
    ) -> str:
        """End a file before any analysis, with a reason."""
        file_id = file_id or _file_id(arrival, pointer.version_id, "")
        row = self.index.file(file_id)
        if row is not None and (not arrival.requested or row.status == ANALYZING):
            return self._resume(row)
        recorded = timestamp(self.recorder.clock())
        manifest = Manifest(
            file_id=file_id,
            bucket=pointer.bucket,
            key=pointer.key,
            version_id=pointer.version_id,
            size=size,
            status=status,
            reason=reason,
            received=arrival.received,
            recorded=recorded,
            seconds=seconds_between(arrival.received, recorded),
        )
        if row is not None and row.generation is not None:
            self.recorder.decline(manifest)
            return f"declined: {reason}"
        revision = 1 if row is None else row.revision + 1
        why = _why(arrival, row)
        self.recorder.turn_away(manifest, revision, Profile().retention_days, why)
        return f"{status.value}: {reason}"


def _file_id(arrival: Arrival, version_id: str | None, etag: str) -> str:
    """The file's identity: by its version, else S3's sequencer, else its bytes' tag."""
    if arrival.file_id is not None:
        return arrival.file_id
    distinction = arrival.version_id or version_id or arrival.sequencer or etag
    return identity.file_id(arrival.bucket, arrival.key, distinction)


def _is_reanalysis(candidate: Candidate, seen: Seen) -> bool:
    """Whether the file was analyzed under other settings before."""
    return seen.file is not None and seen.file.analysis_id not in {None, candidate.analysis_id}


def _attachment(candidate: Candidate, row: FileRow | None) -> Attachment:
    return Attachment(
        file=candidate.file,
        kind=candidate.inspection.kind,
        received=candidate.arrival.received,
        profile=candidate.choice.name,
        settings_hash=candidate.settings_hash,
        retention_days=candidate.choice.profile.retention_days,
        revision=1 if row is None else row.revision + 1,
        why=_why(candidate.arrival, row, candidate.analysis_id),
        asked=candidate.arrival.asked,
    )


def _why(arrival: Arrival, row: FileRow | None, analysis_id: str | None = None) -> Why:
    """Why a file is taken on now."""
    if not arrival.requested:
        return Why.DROPPED
    if row is None or row.analysis_id is None:
        return Why.REQUESTED
    if arrival.force:
        return Why.FORCED
    return Why.RERUN if row.analysis_id == analysis_id else Why.SETTINGS_CHANGED
