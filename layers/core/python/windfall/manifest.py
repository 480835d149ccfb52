"""Manifests out of what is known of a file and its analysis."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from windfall import keys
from windfall.clock import seconds_between
from windfall.contracts.manifest import Attempt, FileStatus, Manifest, ResultFile
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.subject import Why

if TYPE_CHECKING:
    from windfall.contracts.base import OutputLocation
    from windfall.contracts.subject import AnalysisSubject
    from windfall.ports.insights import Attachment

_MEDIA_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".srt": "application/x-subrip; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}
MOST_HISTORY = 50
"""Lines of a history; older ones are left out."""
_TOLD = ("received", "recorded", "profile", "settings_hash", "analysis_id", "attempt", "status")
_ANALYSIS_FOLDER = re.compile(r"^[0-9a-f]{12}(\.\d+)?/")
_INNER_FOLDERS = ("outcomes/", "parts/", "claims/")
"""Folders of a result that only the functions themselves read."""


def status_of(outcomes: Iterable[Outcome]) -> FileStatus:
    """How an analysis ended: partial as soon as one feature failed."""
    failed = any(outcome.status is OutcomeStatus.FAILED for outcome in outcomes)
    return FileStatus.PARTIAL if failed else FileStatus.ANALYZED


def result_files(output: OutputLocation, listed: Iterable[str]) -> list[ResultFile]:
    """The files that an analysis made, out of the keys that lie under its prefix."""
    files = []
    for name in own_names(output, listed):
        if name == "manifest.json" or name.startswith(_INNER_FOLDERS):
            continue
        suffix = PurePosixPath(name).suffix
        media_type = _MEDIA_TYPES.get(suffix, "application/octet-stream")
        key = output.prefix + name
        files.append(ResultFile(name=name, bucket=output.bucket, key=key, media_type=media_type))
    return files


def own_names(output: OutputLocation, listed: Iterable[str]) -> Iterator[str]:
    """What lies under an analysis's prefix, without the folders of the file's other analyses."""
    for key in listed:
        name = key.removeprefix(output.prefix)
        if _ANALYSIS_FOLDER.match(name) is None:
            yield name


def manifest_of(
    attachment: Attachment,
    analysis: AnalysisSubject,
    *,
    status: FileStatus,
    recorded: str,
    outcomes: Sequence[Outcome],
    files: Sequence[ResultFile],
    before: Manifest | None,
    reason: str | None = None,
) -> Manifest:
    """The manifest of a file that an analysis ended; `before` is the one that it replaces."""
    file = attachment.file
    owner = keys.owner_of_prefix(analysis.output.prefix)
    manifest = Manifest(
        **file.model_dump(),
        kind=analysis.kind,
        profile=attachment.profile,
        settings_hash=attachment.settings_hash,
        analysis_id=analysis.analysis_id,
        attempt=analysis.attempt,
        status=status,
        reason=reason,
        received=attachment.received,
        recorded=recorded,
        seconds=seconds_between(attachment.received, recorded),
        outcomes=list(outcomes),
        files=list(files),
        reused_from=None if owner == file.file_id else owner,
        asked=attachment.asked,
        trace_id=attachment.trace_id,
        analysis_trace_id=(None if analysis.trace_id == attachment.trace_id else analysis.trace_id),
    )
    began = (analysis.file.file_id, analysis.revision)
    is_own = began == (attachment.file.file_id, attachment.revision)
    # Of an analysis that another file began, nothing is paid for this one.
    reused = analysis.reused if is_own else [outcome.feature for outcome in outcomes]
    line = line_of(manifest, attachment.revision, attachment.why, reused)
    return with_history(manifest, line, before)


def line_of(manifest: Manifest, revision: int, why: Why, reused: Collection[str] = ()) -> Attempt:
    """The line of a file's history that a manifest tells of."""
    counts = Counter(outcome.status for outcome in manifest.outcomes)
    return Attempt(
        revision=revision,
        why=why,
        **{name: getattr(manifest, name) for name in _TOLD},
        ok=counts[OutcomeStatus.OK],
        skipped=counts[OutcomeStatus.SKIPPED],
        failed=counts[OutcomeStatus.FAILED],
        reused=sum(
            outcome.status is OutcomeStatus.OK and outcome.feature in reused
            for outcome in manifest.outcomes
        ),
    )


def with_history(manifest: Manifest, line: Attempt, before: Manifest | None) -> Manifest:
    """A manifest with what the one before it told, and its own line at the end.

    Written again after a crash, a line takes its own place. One from before there was a history
    has none, and is itself the line.
    """
    told: list[Attempt] = []
    if before is not None:
        told = before.history or [line_of(before, max(1, line.revision - 1), Why.DROPPED)]
    lines = [*(one for one in told if one.revision < line.revision), line]
    return manifest.model_copy(update={"history": lines[-MOST_HISTORY:]})
