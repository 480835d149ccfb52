"""Media files through PyAV, which carries FFmpeg: read from S3 by ranges, never loaded whole.

FFmpeg reads what strangers send. So only functions that have MediaLayer and little else import
this; the file's format is told by its bytes and not guessed, and nothing but the object is opened.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import av

from windfall.errors import InvalidInputError
from windfall.ranges import RangeFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windfall.contracts.base import S3Pointer
    from windfall.ports.storage import ObjectStore

_DEMUXERS = {
    **dict.fromkeys(("mp4", "m4a", "mov", "3gp"), "mov"),
    **dict.fromkeys(("webm", "mkv"), "matroska"),
    **dict.fromkeys(("ogg", "ogv"), "ogg"),
    **dict.fromkeys(("mp3", "mp2"), "mp3"),
    **dict.fromkeys(("wma", "wmv"), "asf"),
    "ts": "mpegts",
    "mpg": "mpeg",
}
"""FFmpeg's reader of a format, where it has another name."""

_BLOCK = 2 << 20
"""Bytes of a range: all of the file is read, and sound and pictures lie close together."""


@contextmanager
def opened(store: ObjectStore, source: S3Pointer, media_format: str) -> Iterator[Any]:
    """A media file as PyAV's container, for as long as it is needed.

    Raises:
        InvalidInputError: It can't be read, or breaks off where nobody can go on.
        NotFoundError: It is gone.
        TransientError: S3 can not answer now.
    """
    found = store.open(source)
    found.close()
    head = found.head
    file = RangeFile(store, head.pointer, head.size, block=_BLOCK)
    options = {"fflags": "+genpts", "protocol_whitelist": "none"}
    name = _DEMUXERS.get(media_format, media_format)
    try:
        with av.open(io.BufferedReader(file, 1 << 16), format=name, options=options) as container:
            yield container
    except av.error.FFmpegError as error:
        raise InvalidInputError(f"The file can't be read: {error.strerror}.") from error


def beginning(container: Any) -> float:
    """When the file begins, in seconds on its own clock: where a player's clock shows zero."""
    return (container.start_time or 0) / float(av.time_base)


def frames(container: Any, stream: Any) -> Iterator[Any]:
    """Every frame of a track that can be decoded: a damaged packet costs its own frames only."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return  # a file that breaks off gives what came before
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue
