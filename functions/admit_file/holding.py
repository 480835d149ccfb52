"""Held files: how one is put down, and what becomes of it when somebody decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from admit_file.models import Arrival, Decision
from windfall.clock import seconds_between, timestamp
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.profile import Profile
from windfall.contracts.subject import Asked, Why
from windfall.planning.profiles import Overrides

if TYPE_CHECKING:
    from windfall.contracts.hold import Hold
    from windfall.contracts.subject import FileIdentity, Kind
    from windfall.ports.insights import Attachment, FileRow
    from windfall.recording import Recorder


class Holder(NamedTuple):
    """Holds files, and ends what is not approved."""

    recorder: Recorder

    def hold(
        self, arrival: Arrival, attachment: Attachment, row: FileRow | None, hold: Hold, reason: str
    ) -> str:
        """Hold a file; insights that it has stay to be seen, and its manifest keeps them.

        Raises:
            ConflictError: The file was claimed by somebody else meanwhile.
        """
        stands = row is not None and row.generation is not None
        before = self.recorder.manifest(attachment.file.file_id) if stands else None
        recorded = timestamp(self.recorder.clock())
        asked = hold.model_copy(
            update={
                "asked": arrival.asked,
                "rerun": arrival.rerun,
                "force": arrival.force,
                "before": None if before is None else _status_before(before),
            }
        )
        manifest = (before or _first(attachment.file, attachment.kind, attachment)).model_copy(
            update={
                "status": FileStatus.HELD,
                "reason": reason,
                "hold": asked,
                "received": arrival.received,
                "recorded": recorded,
                "seconds": seconds_between(arrival.received, recorded),
            }
        )
        self.recorder.turn_away(
            manifest,
            attachment.revision,
            attachment.retention_days,
            attachment.why,
            held_for=arrival.event_id,
            insights_stand=stands,
        )
        return f"held: {reason}"

    def decline(self, row: FileRow, decision: Decision) -> str:
        """End a held file as it was before, or else as rejected.

        Raises:
            ConflictError: Somebody else decided meanwhile.
        """
        held = self.recorder.manifest(row.file_id)
        recorded = timestamp(self.recorder.clock())
        reason = f"{decision.reason} ({held.reason})"
        rejected = held.model_copy(
            update={
                "status": FileStatus.REJECTED,
                "reason": reason,
                "hold": None,
                "recorded": recorded,
                "seconds": seconds_between(held.received, recorded),
            }
        )
        stands = held.hold is not None and held.hold.before is not None
        if held.hold is not None and held.hold.before is not None:
            # First the answer to who asked: what is written then tells only of the insights.
            self.recorder.decline(rejected)
            restored = {"status": FileStatus(held.hold.before), "reason": None}
            rejected = rejected.model_copy(update=restored)
        self.recorder.turn_away(
            rejected,
            row.revision + 1,
            Profile().retention_days,
            Why.REQUESTED,
            insights_stand=stands,
        )
        return f"declined: {reason}"

    def approved(self, row: FileRow, decision: Decision) -> Arrival:
        """The arrival with which a held file goes on: what was asked for then, by who approves."""
        held = self.recorder.manifest(row.file_id)
        asked = (held.hold and held.hold.asked) or Asked()
        return Arrival(
            event_id=decision.event_id,
            received=decision.received,
            bucket=row.bucket,
            key=row.key,
            version_id=row.version_id,
            requested=True,
            rerun=held.hold is not None and held.hold.rerun,
            force=held.hold is not None and held.hold.force,
            overrides=Overrides(
                profile=asked.profile,
                features=None if asked.features is None else tuple(asked.features),
                targets=None if asked.targets is None else tuple(asked.targets),
            ),
            approved=True,
            file_id=row.file_id,
            trace_id=decision.trace_id,
        )


def _status_before(before: Manifest) -> str:
    """The status of the insights that stand; a file may be held twice in a row."""
    if before.hold is not None and before.hold.before is not None:
        return before.hold.before
    return before.status.value


def _first(file: FileIdentity, kind: Kind, attachment: Attachment) -> Manifest:
    """The manifest of a file that was never analyzed; its status is set by who asks."""
    return Manifest(
        **file.model_dump(),
        kind=kind,
        profile=attachment.profile,
        settings_hash=attachment.settings_hash,
        asked=attachment.asked,
        trace_id=attachment.trace_id,
        status=FileStatus.HELD,
        received=attachment.received,
        recorded=attachment.received,
        seconds=0,
    )
