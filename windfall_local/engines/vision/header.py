"""Format and size of a picture from its first bytes, without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from windfall_local.engines import InvalidMediaError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NOT_FRAMES = {0xC4, 0xC8, 0xCC}
"""JPEG markers among 0xC0-0xCF that are no start of a frame (tables, reserved)."""
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""JPEG markers without a length."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture says of itself; width and height as stored, before any rotation."""

    format: Literal["png", "jpeg"]
    width: int
    height: int
    alpha: bool = False


def read_header(content: bytes) -> Header:
    """Format and size of a PNG or JPEG.

    Raises:
        InvalidMediaError: It is neither, or ends before it says its size.
    """
    try:
        if content.startswith(PNG_SIGNATURE):
            return _read_png(content)
        if content.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(content)
    except (struct.error, IndexError) as error:
        raise InvalidMediaError("The picture ends within its header.") from error
    raise InvalidMediaError("The picture is neither PNG nor JPEG.")


def without_color_profile(content: bytes) -> bytes:
    """A PNG less its colour profile, which decides nothing here and of which libpng complains."""
    position = len(PNG_SIGNATURE)
    while position + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, position)
        kind = content[position + 4 : position + 8]
        end = position + 12 + length
        if kind == b"iCCP":
            return content[:position] + content[end:]
        if kind == b"IDAT":
            break
        position = end
    return content


def _read_png(content: bytes) -> Header:
    if content[12:16] != b"IHDR":
        raise InvalidMediaError("The PNG does not start with its header.")
    width, height, _, color = struct.unpack_from(">IIBB", content, 16)
    if width == 0 or height == 0:
        raise InvalidMediaError("The PNG says that it has no pixels.")
    before_pixels = content[: max(content.find(b"IDAT"), 0)]
    return Header("png", width, height, alpha=color in (4, 6) or b"tRNS" in before_pixels)


def _read_jpeg(content: bytes) -> Header:
    position = 2
    while True:
        while content[position] != 0xFF:
            position += 1
        while content[position] == 0xFF:
            position += 1
        marker = content[position]
        position += 1
        if marker in _ALONE:
            continue
        (length,) = struct.unpack_from(">H", content, position)
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            height, width = struct.unpack_from(">HH", content, position + 3)
            if width == 0 or height == 0:
                raise InvalidMediaError("The JPEG says that it has no pixels.")
            return Header("jpeg", width, height)
        if marker == 0xDA:
            raise InvalidMediaError("The JPEG has a scan but no frame.")
        position += length
