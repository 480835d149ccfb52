"""Recording how a file ended: manifest, rows and event, so that again is harmless.

The order for one file is: manifest, unseen rows, the one write that shows them, the event, the
note that the event is out. Whoever repeats it after a crash finds by the file's row how far it
came. Used by record_insights and record_failure for every attached file, and by admit_file for a
file whose analysis was recorded before it came, or that no service takes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from windfall import keys
from windfall.clock import Clock, timestamp, utc_now
from windfall.contracts.base import S3Pointer
from windfall.contracts.bus import FileAnalyzed, FileEvent, FileFailed, FileHeld, FileRejected
from windfall.contracts.manifest import FileStatus, Manifest, ResultFile
from windfall.contracts.subject import Why
from windfall.errors import ConflictError, TransientError
from windfall.manifest import line_of, manifest_of, result_files, status_of, with_history
from windfall.ports.insights import ANALYZING, Attachment, FileRow, InsightsIndex, Term
from windfall.terms import has_terms, terms_of

if TYPE_CHECKING:
    from windfall.contracts.outcome import Outcome
    from windfall.contracts.subject import AnalysisSubject
    from windfall.ports.collaborators import EventBus, Measurements
    from windfall.ports.storage import ObjectStore


class Insights(NamedTuple):
    """What an analysis found out: the same for every file attached to it."""

    outcomes: Sequence[Outcome]
    files: Sequence[ResultFile]
    terms: Sequence[Term]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records files, one at a time.

    Attributes:
        bucket: Where manifests go.
    """

    store: ObjectStore
    index: InsightsIndex
    bus: EventBus
    measurements: Measurements
    bucket: str
    clock: Clock = utc_now

    def gather(self, analysis: AnalysisSubject, outcomes: Sequence[Outcome]) -> Insights:
        """Collect files and terms from the raw results of an analysis."""
        output = analysis.output
        files = result_files(output, self.store.list(output.bucket, output.prefix))
        pointers = {
            outcome.feature: outcome.result
            for outcome in outcomes
            if outcome.result is not None and has_terms(outcome.feature)
        }
        raw = self.store.read_many(pointers.values())
        results: dict[str, dict[str, Any]] = {
            feature: json.loads(body) for feature, body in zip(pointers, raw, strict=True)
        }
        return Insights(outcomes, files, terms_of(results))

    def record(
        self, attachment: Attachment, analysis: AnalysisSubject, insights: Insights
    ) -> Manifest | None:
        """Record a file's insights; None when the file waits for another analysis by now."""
        row = self.index.file(attachment.file.file_id)
        if row is None or row.revision != attachment.revision:
            return None
        if row.status != ANALYZING:
            return self.announce_again(row)
        manifest = manifest_of(
            attachment,
            analysis,
            status=status_of(insights.outcomes),
            recorded=timestamp(self.clock()),
            outcomes=insights.outcomes,
            files=insights.files,
            before=self._before(row.file_id, row.revision),
        )
        self._write_manifest(manifest)
        self.index.write_generation(attachment, insights.outcomes, insights.terms)
        try:
            self.index.show(manifest, attachment, generation=True)
        except ConflictError:
            return None
        self._announce(manifest, attachment.revision)
        self._remove_old(row)
        return manifest

    def record_failure(
        self,
        attachment: Attachment,
        analysis: AnalysisSubject,
        reason: str,
        outcomes: Sequence[Outcome],
    ) -> Manifest | None:
        """Record that a file's analysis broke off; insights from before stay to be seen."""
        row = self.index.file(attachment.file.file_id)
        if row is None or row.revision != attachment.revision:
            return None
        if row.status != ANALYZING:
            return self.announce_again(row)
        output = analysis.output
        manifest = manifest_of(
            attachment,
            analysis,
            status=FileStatus.FAILED,
            recorded=timestamp(self.clock()),
            outcomes=outcomes,
            files=result_files(output, self.store.list(output.bucket, output.prefix)),
            before=self._before(row.file_id, row.revision),
            reason=reason,
        )
        self._write_manifest(manifest)
        try:
            self.index.show(manifest, attachment, generation=False)
        except ConflictError:
            return None
        self._announce(manifest, attachment.revision)
        return manifest

    def turn_away(
        self,
        manifest: Manifest,
        revision: int,
        retention_days: int,
        why: Why = Why.DROPPED,
        *,
        held_for: str | None = None,
        insights_stand: bool = False,
    ) -> None:
        """Record a file that ends before any analysis.

        Args:
            manifest: How it ended, or that it is held.
            revision: The file's, from now on.
            retention_days: How long its row is kept.
            why: Why it was taken on.
            held_for: The event that asked for what is held.
            insights_stand: The file has insights, which stay to be seen.

        Raises:
            ConflictError: The file was recorded or claimed by somebody else meanwhile.
        """
        before = self._before(manifest.file_id, revision)
        manifest = with_history(manifest, line_of(manifest, revision, why), before)
        self._write_manifest(manifest)
        self.index.turn_away(
            manifest, revision, retention_days, held_for=held_for, insights_stand=insights_stand
        )
        self._announce(manifest, revision)

    def decline(self, manifest: Manifest) -> None:
        """Tell the bus that a request can not be met for a file whose insights stand."""
        self.bus.publish(event_of(manifest, self._manifest_pointer(manifest.file_id)))

    def manifest(self, file_id: str) -> Manifest:
        """What a file's manifest tells now."""
        return self._read_manifest(file_id)

    def announce_again(self, row: FileRow) -> Manifest:
        """Tell the bus of a file that ended, unless that is known to have happened."""
        manifest = self._read_manifest(row.file_id)
        if not row.announced:
            self._announce(manifest, row.revision)
        return manifest

    def _announce(self, manifest: Manifest, revision: int) -> None:
        self.bus.publish(event_of(manifest, self._manifest_pointer(manifest.file_id)))
        self.index.announced(manifest.file_id, revision)
        self._measure(manifest)

    def _measure(self, manifest: Manifest) -> None:
        kind = manifest.kind.value if manifest.kind else "unknown"
        self.measurements.file_ended(kind, manifest.status.value)
        if manifest.status in {FileStatus.ANALYZED, FileStatus.PARTIAL}:
            self.measurements.insight_took(kind, manifest.seconds)

    def _remove_old(self, row: FileRow) -> None:
        """Remove insights that were shown before; what can not be removed now expires anyway."""
        if row.generation is None:
            return
        try:
            self.index.remove_generation(row.file_id, row.generation)
        except TransientError:
            return

    def _before(self, file_id: str, revision: int) -> Manifest | None:
        """What the file's manifest told until now; None for a new file.

        One that this version can not read is replaced, and its history with it: it was written by
        a later version, or by somebody else.
        """
        if revision == 1:
            return None
        body = self.store.find(self._manifest_pointer(file_id))
        try:
            return None if body is None else Manifest.model_validate_json(body)
        except ValidationError:
            return None

    def _manifest_pointer(self, file_id: str) -> S3Pointer:
        return S3Pointer(bucket=self.bucket, key=keys.manifest_key(file_id))

    def _write_manifest(self, manifest: Manifest) -> None:
        key = keys.manifest_key(manifest.file_id)
        body = manifest.model_dump_json(indent=2).encode()
        self.store.write(self.bucket, key, body, "application/json")

    def _read_manifest(self, file_id: str) -> Manifest:
        return Manifest.model_validate_json(self.store.read(self._manifest_pointer(file_id)))


def event_of(manifest: Manifest, pointer: S3Pointer) -> FileEvent:
    """What the bus is told of a manifest."""
    about = {
        "file_id": manifest.file_id,
        "bucket": manifest.bucket,
        "key": manifest.key,
        "version_id": manifest.version_id,
        "kind": manifest.kind,
        "received": manifest.received,
        "recorded": manifest.recorded,
        "manifest": pointer,
    }
    match manifest.status:
        case FileStatus.REJECTED:
            return FileRejected.model_validate({**about, "reason": manifest.reason})
        case FileStatus.HELD:
            return FileHeld.model_validate({**about, **_held(manifest)})
        case FileStatus.FAILED:
            cause = {"analysis_id": manifest.analysis_id, "attempt": manifest.attempt}
            return FileFailed.model_validate({**about, **cause, "reason": manifest.reason})
    return FileAnalyzed.model_validate(
        {
            **about,
            "status": manifest.status.value,
            "analysis_id": manifest.analysis_id,
            "attempt": manifest.attempt,
            "profile": manifest.profile,
            "features": {outcome.feature: outcome.status for outcome in manifest.outcomes},
            "seconds": manifest.seconds,
            "reused_from": manifest.reused_from,
        }
    )


def _held(manifest: Manifest) -> dict[str, Any]:
    hold = manifest.hold
    if hold is None:
        raise ValueError("A held file's manifest says why.")
    return {
        "reason": manifest.reason,
        "revision": manifest.history[-1].revision,
        "profile": hold.estimate.profile,
        "budget": hold.budget,
        "limit": hold.limit,
        "committed": hold.committed,
        "cost": hold.cost,
    }
