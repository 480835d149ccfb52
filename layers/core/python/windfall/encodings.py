"""Bytes as text: UTF-8, UTF-16, UTF-32 or the Western 8-bit encodings, or no text at all."""

from __future__ import annotations

import codecs
import unicodedata
from typing import NamedTuple

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""UTF-32's mark begins with UTF-16's, so it is asked for first."""

_LAYOUT = frozenset("\t\n\r\f\v")
_SAMPLE = 65_536
_LEAST_READABLE = 0.7
"""Of an 8-bit text's characters, so many are letters, digits, spaces or common marks."""
_LEAST_SIGNS_OF_UTF16 = 0.3
"""Of every second byte, so many are zero in UTF-16 without a mark (Western text; others have one).
"""


class DecodedText(NamedTuple):
    """A text and the encoding that it was in."""

    text: str
    encoding: str


def decode_text(data: bytes) -> DecodedText | None:
    """The text that the bytes are, or None when they are none."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding)
    if b"\0" not in data:
        found = _decoded(data, "utf-8")
        return found if found is not None else _western(data)
    for encoding, zeros in (("utf-16-le", data[1:_SAMPLE:2]), ("utf-16-be", data[0:_SAMPLE:2])):
        if len(data) % 2 == 0 and zeros.count(0) > _LEAST_SIGNS_OF_UTF16 * len(zeros):
            found = _decoded(data, encoding)
            if found is not None:
                return found
    return None


def _decoded(data: bytes, encoding: str) -> DecodedText | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return DecodedText(text, encoding) if _is_text(text) else None


def _is_text(text: str) -> bool:
    """Whether there are no control characters but layout (and the escape of terminals)."""
    sample = text[:_SAMPLE]
    controls = sum(
        1
        for character in set(sample)
        if character not in _LAYOUT
        and character != "\x1b"
        and unicodedata.category(character) in {"Cc", "Cn", "Cs"}
        and ord(character) < 0x80
    )
    return controls == 0 and "\0" not in text


def _western(data: bytes) -> DecodedText | None:
    """Windows-1252, or Latin-1 where a byte has no meaning in it."""
    for encoding in ("cp1252", "latin-1"):
        found = _decoded(data, encoding)
        if found is not None and _is_readable(found.text):
            return found
    return None


def _is_readable(text: str) -> bool:
    sample = text[:_SAMPLE]
    readable = sum(
        1
        for character in sample
        if character.isalnum() or character.isspace() or character in ".,;:!?¡¿'\"()-/&%"
    )
    controls = sum(1 for character in sample if "\x80" <= character <= "\x9f")
    return readable >= _LEAST_READABLE * len(sample) and controls == 0
