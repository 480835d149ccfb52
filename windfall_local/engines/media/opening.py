"""Media files, opened: by what their bytes are, and with nothing else within reach."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from windfall_local.engines import InvalidMediaError
from windfall_local.engines.media.formats import DEMUXERS, HEAD, media_format


def format_of(path: Path) -> str:
    """What a file is, by its first bytes.

    Raises:
        InvalidMediaError: It is none of what is read here.
    """
    with path.open("rb") as file:
        found = media_format(file.read(HEAD))
    if found is None:
        raise InvalidMediaError("The file is in none of the formats " + ", ".join(DEMUXERS) + ".")
    return found


@contextlib.contextmanager
def opened(path: Path, found: str) -> Iterator[Any]:
    """A file as PyAV's container, read as the format that it is.

    Raises:
        InvalidMediaError: It can't be read.
    """
    options = {"protocol_whitelist": "file"}
    try:
        container = av.open(str(path.resolve()), format=DEMUXERS[found], options=options)
    except av.error.FFmpegError as error:
        raise InvalidMediaError(f"The {found} file can't be read: {error.strerror}") from error
    with container:
        yield container
