"""Admitting a file: identify, look, plan, claim, start; every step can be repeated.

What two deliveries, two equal files or a crash can do to each other is decided by the index's
transactions alone. The order is: working copy, claim, start. Whoever finds a claim without knowing
whether its execution was started starts it again, under the same name.

What follows the identity has a module each: looking and planning (`candidates`), claiming
(`claiming`), beginning an attempt (`beginning`), what a crash left undone (`resuming`), and holding
(`holding`).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from admit_file.beginning import Beginner
from admit_file.candidates import candidate_of, why_of
from admit_file.claiming import Claimant
from admit_file.holding import Holder
from admit_file.models import Arrival, Decision, arrival_of
from admit_file.resuming import Resumer
from windfall import identity
from windfall.clock import seconds_between, timestamp
from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.profile import Profile
from windfall.errors import ConflictError, InvalidInputError, NotFoundError, TransientError
from windfall.planning.profiles import InvalidProfileError
from windfall.ports.insights import ANALYZING

if TYPE_CHECKING:
    from admit_file.budgets import Budgets
    from windfall.planning.files import FilePlanner
    from windfall.ports.collaborators import Traces, Workflows
    from windfall.ports.insights import InsightsIndex
    from windfall.ports.storage import ObjectStore
    from windfall.recording import Recorder


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
    traces: Traces

    def admit(self, body: str, *, redelivered: bool = False) -> str:
        """Admit the file that a queue message tells of; the answer says what was done.

        Raises:
            InvalidInputError: The message names no file.
            TransientError: Deliver it again.
            QuotaExceededError: Deliver it again.
        """
        arrival = arrival_of(body)
        with self.traces.begin(arrival.event_id, arrival.received) as trace_id:
            return self._admit(arrival._replace(trace_id=trace_id), redelivered=redelivered)

    def _admit(self, arrival: Arrival | Decision, *, redelivered: bool) -> str:
        if isinstance(arrival, Decision):
            return self._decide(arrival)
        if arrival.is_folder_marker:
            return "ignored: a folder marker is no file"
        if arrival.bucket == self.bucket:
            return self._refuse_own(arrival)
        if redelivered and not arrival.requested:
            row = self.index.file(_file_id(arrival, None, ""))
            if row is not None:
                return self._resumer.resume(row)
        return self._read(arrival)

    def _decide(self, decision: Decision) -> str:
        """Go on with a held file, or end it; what was decided before stays so."""
        row = self.index.file(decision.file_id)
        if row is None:
            return "ignored: there is no such file"
        if row.status != FileStatus.HELD or row.revision != decision.revision:
            return self._resumer.resume(row)
        if decision.reason is None:
            return self._read(self._holder.approved(row, decision))
        try:
            return self._holder.decline(row, decision)
        except ConflictError as error:
            raise TransientError("Somebody else decides about the file now.") from error

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
        self.traces.annotate(file_id=file_id, key=arrival.key)
        if arrival.revision is not None:
            # Whoever asks again may have changed the profile just before; events tell seconds.
            age = seconds_between(arrival.received, timestamp(self.recorder.clock()))
            self.planner.profiles.forget(age - 1)
        try:
            with closing(source):
                choice = self.planner.choose(arrival.key, source.head.metadata, arrival.overrides)
                with self.planner.look(source, arrival.key) as snapshot:
                    candidate = candidate_of(
                        arrival, snapshot, file_id, choice, self.planner, self.budgets
                    )
                    self.traces.annotate(analysis_id=candidate.analysis_id)
                    return self._claimant.claim(candidate)
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

    @property
    def _claimant(self) -> Claimant:
        beginner = Beginner(self.store, self.index, self.budgets, self._resumer, self.bucket)
        return Claimant(self.index, beginner, self._holder, self._resumer)

    @property
    def _holder(self) -> Holder:
        return Holder(self.recorder)

    @property
    def _resumer(self) -> Resumer:
        return Resumer(self.index, self.workflows, self.recorder)

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
            return self._resumer.resume(row)
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
            trace_id=arrival.trace_id,
        )
        if row is not None and row.generation is not None:
            self.recorder.decline(manifest)
            return f"declined: {reason}"
        revision = 1 if row is None else row.revision + 1
        why = why_of(arrival, row)
        self.recorder.turn_away(manifest, revision, Profile().retention_days, why)
        return f"{status.value}: {reason}"


def _file_id(arrival: Arrival, version_id: str | None, etag: str) -> str:
    """The file's identity: by its version, else S3's sequencer, else its bytes' tag."""
    if arrival.file_id is not None:
        return arrival.file_id
    distinction = arrival.version_id or version_id or arrival.sequencer or etag
    return identity.file_id(arrival.bucket, arrival.key, distinction)
