"""Makes a working copy of a media file's sound or pictures, in a form that the services take."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert_media.models import Converted, ConvertMediaTask, Track
from convert_media.pictures import write_pictures
from convert_media.sound import write_sound
from windfall.checkpoints import Checkpoints, TimeLeft
from windfall.media import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from windfall.ports.storage import ObjectStore

_WRITERS: dict[Track, Callable[[Any, Path, TimeLeft], float]] = {
    "sound": write_sound,
    "pictures": write_pictures,
}
_FORMS: dict[Track, tuple[str, str]] = {
    "sound": ("flac", "audio/flac"),
    "pictures": ("mp4", "video/mp4"),
}
_PIECE = 8 << 20


class MediaConverter:
    """Converts media files.

    Args:
        store: Where they lie, and where the working copies go.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def convert(self, task: ConvertMediaTask, time_left: TimeLeft) -> Converted:
        """Write the working copy, unless an earlier try did.

        Raises:
            InvalidInputError: The file can't be read, has no such track, or takes too long.
            NotFoundError: It is gone.
            TransientError: S3 is busy.
        """
        checkpoints = Checkpoints(self._store, task.output, "working")
        done = f"{task.track}.json"
        if done in checkpoints.saved():
            made = Converted.model_validate_json(checkpoints.part(done))
            # A copy that another analysis of the same bytes made lies in its folder, and may go.
            if made.source.key in self._store.list(made.source.bucket, made.source.key):
                return made
        converted = self._write(task, time_left)
        checkpoints.save(done, converted.model_dump_json().encode())
        return converted

    def _write(self, task: ConvertMediaTask, time_left: TimeLeft) -> Converted:
        extension, media_type = _FORMS[task.track]
        # The muxers go back to write lengths and tables, so they need a file and not a stream.
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / f"working.{extension}"
            with opened(self._store, task.source, task.format) as container:
                seconds = _WRITERS[task.track](container, target, time_left)
            copy = self._store.write_pieces(
                task.output.bucket,
                f"{task.output.prefix}{target.name}",
                _pieces(target),
                media_type,
            )
        return Converted(source=copy, format=extension, seconds=round(seconds, 3))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
