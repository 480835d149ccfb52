"""Admitting a file: identify, look, plan, claim, start; every step can be repeated.

What two deliveries, two equal files or a crash can do to each other is decided by the index's
transactions alone. The order is: working copy, claim, start. Whoever finds a claim without knowing
whether its execution was started starts it again, under the same name.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from admit_file.models import Arrival, arrival_of
from windfall import identity, keys
from windfall.checkpoints import finished_features
from windfall.clock import seconds_between, timestamp
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.profile import Profile
from windfall.contracts.subject import AnalysisSubject, FileIdentity, Why
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

    def admit(self, body: str, *, redelivered: bool = False) -> str:
        """Admit the file that a queue message tells of; the answer says what was done.

        Raises:
            InvalidInputError: The message names no file.
            TransientError: Deliver it again.
            QuotaExceededError: Deliver it again.
        """
        arrival = arrival_of(body)
        if arrival.is_folder_marker:
            return "ignored: a folder marker is no file"
        if arrival.bucket == self.bucket:
            return self._refuse_own(arrival)
        if redelivered and not arrival.requested:
            row = self.index.file(_file_id(arrival, None, ""))
            if row is not None:
                return self._resume(row)
        return self._read(arrival)

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
        return Candidate(arrival, snapshot, file, inspection, choice, plan, settings, analysis_id)

    def _claim(self, candidate: Candidate) -> str:
        """Attach the file to its analysis, beginning it if need be."""
        for attempt in range(_CLAIM_TRIES):
            fresh = attempt == 0 and candidate.inspection.convert is None
            row = None if fresh else self.index.file(candidate.file.file_id)
            analysis = None if fresh else self.index.analysis(candidate.analysis_id)
            if row is not None and self._is_settled(row, candidate, analysis):
                return self._resume(row)
            try:
                return self._attach_or_begin(candidate, row, analysis)
            except ConflictError:
                continue
        raise TransientError("The file's analysis changes too fast to be claimed; try again.")

    def _is_settled(self, row: FileRow, candidate: Candidate, analysis: AnalysisRow | None) -> bool:
        """Whether this arrival asks for nothing that the file does not have, or wait for."""
        arrival = candidate.arrival
        if not arrival.requested:
            return True
        if row.analysis_id != candidate.analysis_id or analysis is None:
            return False
        if row.status == ANALYZING or analysis.requested_by == arrival.event_id:
            return True
        return row.status != FileStatus.FAILED and not arrival.rerun

    def _attach_or_begin(
        self, candidate: Candidate, row: FileRow | None, analysis: AnalysisRow | None
    ) -> str:
        attachment = _attachment(candidate, row)
        if analysis is None or analysis.state is AnalysisState.FAILED:
            return self._begin(candidate, attachment, row, analysis)
        if analysis.state is AnalysisState.RUNNING:
            self.index.attach(analysis, attachment, row)
            # Its first file may have crashed before it started the execution.
            self._start(analysis.subject, analysis.document)
            return f"attached to running analysis {analysis.analysis_id}"
        reusable = self._is_whole(analysis) and not candidate.arrival.rerun
        if not reusable:
            return self._begin(candidate, attachment, row, analysis)
        self.index.attach(analysis, attachment, row)
        self._record_again(attachment, analysis)
        return f"reused analysis {analysis.analysis_id}"

    def _begin(
        self,
        candidate: Candidate,
        attachment: Attachment,
        row: FileRow | None,
        previous: AnalysisRow | None,
    ) -> str:
        """Begin a new attempt; what an earlier one paid for is kept, if it is still there."""
        output = self._output(candidate, row, previous)
        is_kept = previous is not None and previous.subject.output == output
        plan = AnalysisInput(
            analysis_id=candidate.analysis_id,
            attempt=1 if previous is None else previous.attempt + 1,
            kind=candidate.inspection.kind,
            profile=candidate.choice.name,
            received=candidate.arrival.received,
            file=candidate.file,
            source=self._source(candidate),
            output=output,
            features=candidate.plan.features,
            text=candidate.plan.text,
            audio=candidate.plan.audio,
            video=candidate.plan.video,
            media=candidate.inspection.media,
            skipped=list(candidate.plan.skipped),
            reused=finished_features(self.store, output) if is_kept else [],
            table=candidate.plan.table,
            training=candidate.plan.training,
            layout=candidate.inspection.layout,
        )
        self.index.begin(plan, attachment, candidate.arrival.event_id, previous, row)
        self._start(plan, plan.model_dump_json())
        return f"began analysis {plan.analysis_id}, attempt {plan.attempt}"

    def _source(self, candidate: Candidate) -> S3Pointer:
        """What the services look at: the file, or a working copy that is written now."""
        convert = candidate.inspection.convert
        if convert is None:
            return candidate.snapshot.head.pointer
        copy = convert(candidate.snapshot.stream)
        key = f"{keys.results_prefix(candidate.file.file_id)}working.{copy.extension}"
        return self.store.write(self.bucket, key, copy.body, copy.media_type)

    def _output(
        self, candidate: Candidate, row: FileRow | None, previous: AnalysisRow | None
    ) -> OutputLocation:
        if previous is not None and (
            previous.state is AnalysisState.FAILED or self._is_whole(previous)
        ):
            return previous.subject.output
        file_id = candidate.file.file_id
        prefix = keys.results_prefix(file_id)
        if row is not None and row.analysis_id not in {None, candidate.analysis_id}:
            prefix = keys.reanalysis_prefix(file_id, candidate.analysis_id)
        return OutputLocation(bucket=self.bucket, prefix=prefix)

    def _is_whole(self, analysis: AnalysisRow) -> bool:
        """Whether the results of a recorded analysis still lie where its outcomes say."""
        promised = {
            outcome.result.key
            for outcome in analysis.outcomes or []
            if outcome.result is not None and outcome.result.bucket == self.bucket
        }
        output = analysis.subject.output
        missing = promised - set(self.store.list(output.bucket, output.prefix))
        # What outlives an analysis, such as a model, lies elsewhere in the bucket.
        return all(key in self.store.list(output.bucket, key) for key in missing)

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
    distinction = arrival.version_id or version_id or arrival.sequencer or etag
    return identity.file_id(arrival.bucket, arrival.key, distinction)


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
    return Why.RERUN if row.analysis_id == analysis_id else Why.SETTINGS_CHANGED
