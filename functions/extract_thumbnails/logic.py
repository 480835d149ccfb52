"""Keeps a picture of each shot of a video, and a sheet of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

from extract_thumbnails.choosing import moments
from extract_thumbnails.drawing import as_jpeg, picture_at, sheet_of
from windfall.checkpoints import RESERVE, Checkpoints, TimeLeft
from windfall.clock import Clock, utc_now
from windfall.contracts.base import S3Pointer
from windfall.contracts.timeline import Findings, Interval, Thumbnail, Thumbnails
from windfall.errors import InvalidInputError, WorkContinuesError
from windfall.features import Finding, settle
from windfall.media import opened

if TYPE_CHECKING:
    from typing import Any

    from extract_thumbnails.models import ExtractThumbnailsTask
    from windfall.contracts.outcome import Outcome
    from windfall.ports.storage import ObjectStore

_JPEG = "image/jpeg"
SHEET, INDEX = "thumbnails.jpg", "thumbnails.json"


class ThumbnailExtractor:
    """Keeps pictures of videos."""

    def __init__(self, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def extract(self, task: ExtractThumbnailsTask, time_left: TimeLeft) -> Outcome:
        """Write the pictures, their sheet and their index.

        Raises:
            TransientError: S3 is busy, or the work goes on in the next try.
        """
        checkpoints = Checkpoints(self._store, task.output, "thumbnails")
        return settle("thumbnails", checkpoints, self._clock, lambda: self._find(task, time_left))

    def _find(self, task: ExtractThumbnailsTask, time_left: TimeLeft) -> Finding:
        output = task.output
        with opened(self._store, task.source, task.format) as container:
            if not container.streams.video:
                raise InvalidInputError("There are no pictures in the file.")
            wanted = moments(self._shots(task), _duration(container, task))
            found = self._pictures(container, task, wanted, time_left)
        if not found:
            raise InvalidInputError("No picture could be decoded; the file is damaged or cut off.")
        index = Thumbnails(thumbnails=[Thumbnail(time=time, name=_name(time)) for time, _ in found])
        body = index.model_dump_json().encode()
        self._store.write(output.bucket, output.prefix + INDEX, body, "application/json")
        sheet = self._store.write(output.bucket, output.prefix + SHEET, sheet_of(found), _JPEG)
        return Finding(sheet, {"count": len(found)})

    def _pictures(
        self,
        container: Any,
        task: ExtractThumbnailsTask,
        wanted: list[int],
        time_left: TimeLeft,
    ) -> list[tuple[int, bytes]]:
        """Each moment's picture; those that an earlier try wrote are read."""
        output = task.output
        there = set(self._store.list(output.bucket, f"{output.prefix}thumbnails/"))
        found, begun = [], False
        for number, time in enumerate(wanted):
            key = output.prefix + _name(time)
            if key in there:
                body = self._store.read(S3Pointer(bucket=output.bucket, key=key))
                found.append((time, body))
                continue
            # One at least, however little time there is, so that every try gets on.
            if begun and time_left() < RESERVE:
                raise WorkContinuesError(f"{number} of {len(wanted)} pictures are there.")
            begun = True
            try:
                picture = picture_at(container, time)
            except av.error.FFmpegError:
                continue  # a damaged stretch has no picture, the others have
            if picture is not None:
                found.append((time, as_jpeg(picture)))
                self._store.write(output.bucket, key, found[-1][1], _JPEG)
        return found

    def _shots(self, task: ExtractThumbnailsTask) -> list[Interval]:
        if task.segments is None:
            return []
        found = Findings.model_validate_json(self._store.read(task.segments))
        return [one for one in found.intervals if one.kind == "shot"]


def _name(time: int) -> str:
    return f"thumbnails/{time:09}.jpg"


def _duration(container: Any, task: ExtractThumbnailsTask) -> int:
    if task.seconds:
        return round(task.seconds * 1000)
    return int((container.duration or 0) * 1000 // av.time_base)
