"""Plain text in the encodings that people have."""

from __future__ import annotations

import codecs

from windfall.text.extraction import Document

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4_096
_MOSTLY = 0.4
"""Text of a Latin script in UTF-16 has a zero in nearly every second byte."""


def read(body: bytes) -> Document:
    """The text as it stands."""
    return Document(decode(body))


def decode(body: bytes) -> str:
    """Decode by the byte order mark, else as UTF-8, else as UTF-16, else as Windows-1252."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    wide = _unmarked_utf16(body[:_SAMPLE])
    if wide:
        return body.decode(wide, errors="replace")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        # A file that was cut off in its last character is still UTF-8.
        if error.start >= len(body) - 3 and error.reason == "unexpected end of data":
            return body.decode(errors="ignore")
    # Latin-1 in the wild is Windows-1252; its five unused bytes become the replacement character.
    return body.decode("cp1252", errors="replace")


def _unmarked_utf16(sample: bytes) -> str | None:
    if len(sample) < 4:
        return None
    even, odd = sample[::2], sample[1::2]
    if odd.count(0) > _MOSTLY * len(odd) and even.count(0) < len(even) / 10:
        return "utf-16-le"
    if even.count(0) > _MOSTLY * len(even) and odd.count(0) < len(odd) / 10:
        return "utf-16-be"
    return None
