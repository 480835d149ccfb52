"""Small pictures of files for the list: made here, for no service makes them of photos."""

from __future__ import annotations

import struct
import threading
import zlib
from collections import OrderedDict
from io import BytesIO

from PIL import Image, ImageOps

from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import Manifest
from windfall_cli.browse.file_page import shows_inline
from windfall_cli.browse.library import Library, pointer_of

SIDE = 240
"""Pixels of the longest side."""
_MOST_PIXELS = 60_000_000
"""Of a picture that is made small: unpacked it takes three bytes a pixel."""
_NO_PICTURE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's decoders raise over bytes that are none."""
_MOST_KEPT = 500
_AT_ONCE = 2


class Thumbnails:
    """Makes them, and keeps the latest in memory."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.Semaphore(_AT_ONCE)

    def of(self, file_id: str) -> bytes | None:
        """A JPEG; None for a file that has no picture."""
        manifest = self._library.manifest(file_id)
        if manifest is None:
            return None
        place = (file_id, manifest.recorded)
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
        source = source_of(manifest)
        with self._making:
            body = None if source is None else self._library.read(source)
            made = None if body is None else made_small(body)
        if made is not None:
            with self._lock:
                self._kept[place] = made
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        return made


def source_of(manifest: Manifest) -> S3Pointer | None:
    """What a small picture is made of."""
    names = {file.name: file for file in manifest.files}
    if manifest.kind == "video":
        thumbnails = sorted(name for name in names if name.startswith("thumbnails/"))
        return pointer_of(names[thumbnails[0]]) if thumbnails else None
    if "distribution.png" in names:
        return pointer_of(names["distribution.png"])
    if manifest.kind != "image":
        return None
    for name, file in names.items():
        if name.startswith("working."):
            return pointer_of(file)
    if not shows_inline(manifest):
        return None
    return S3Pointer(bucket=manifest.bucket, key=manifest.key, version_id=manifest.version_id)


def made_small(body: bytes) -> bytes | None:
    """A JPEG of a picture, upright; None of what is no picture, or too large to be unpacked."""
    try:
        with Image.open(BytesIO(body)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.draft("RGB", (SIDE * 2, SIDE * 2))
            small = ImageOps.exif_transpose(picture).convert("RGB")
    except _NO_PICTURE:
        return None
    small.thumbnail((SIDE, SIDE))
    answer = BytesIO()
    small.save(answer, "JPEG", quality=82)
    return answer.getvalue()
