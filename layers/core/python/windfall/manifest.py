"""Manifests out of what is known of a file and its analysis."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from windfall import keys
from windfall.clock import seconds_between
from windfall.contracts.manifest import FileStatus, Manifest, ResultFile
from windfall.contracts.outcome import Outcome, OutcomeStatus

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
_ANALYSIS_FOLDER = re.compile(r"^[0-9a-f]{12}/")
_INNER_FOLDERS = ("outcomes/", "parts/")
"""Folders of a result that only the functions themselves read."""


def status_of(outcomes: Iterable[Outcome]) -> FileStatus:
    """How an analysis ended: partial as soon as one feature failed."""
    failed = any(outcome.status is OutcomeStatus.FAILED for outcome in outcomes)
    return FileStatus.PARTIAL if failed else FileStatus.ANALYZED


def result_files(output: OutputLocation, listed: Iterable[str]) -> list[ResultFile]:
    """The files that an analysis made, out of the keys that lie under its prefix."""
    files = []
    for key in listed:
        name = key.removeprefix(output.prefix)
        if name == "manifest.json" or name.startswith(_INNER_FOLDERS) or _is_other_analysis(name):
            continue
        suffix = PurePosixPath(name).suffix
        media_type = _MEDIA_TYPES.get(suffix, "application/octet-stream")
        files.append(ResultFile(name=name, bucket=output.bucket, key=key, media_type=media_type))
    return files


def _is_other_analysis(name: str) -> bool:
    """Whether a name lies in the folder of an analysis under other settings."""
    return _ANALYSIS_FOLDER.match(name) is not None


def manifest_of(
    attachment: Attachment,
    analysis: AnalysisSubject,
    *,
    status: FileStatus,
    recorded: str,
    outcomes: Sequence[Outcome],
    files: Sequence[ResultFile],
    reason: str | None = None,
) -> Manifest:
    """The manifest of a file that an analysis ended."""
    file = attachment.file
    owner = keys.owner_of_prefix(analysis.output.prefix)
    return Manifest(
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
    )
