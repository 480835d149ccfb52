"""Plain text in the encodings that people have."""

from __future__ import annotations

from windfall.encodings import decode_text
from windfall.text.extraction import Document


def read(body: bytes) -> Document:
    """The text as it stands."""
    return Document(decode(body))


def decode(body: bytes) -> str:
    """Decode as admission did; bytes in no known encoding become replacement characters."""
    try:
        return body.decode("utf-8-sig") if b"\0" not in body else _by_its_looks(body)
    except UnicodeDecodeError as error:
        # A file that was cut off inside its last character is still UTF-8.
        cut_off = error.reason == "unexpected end of data" and error.start >= len(body) - 3
        if cut_off and not body[: error.start].isascii():
            return body[: error.start].decode()
    return _by_its_looks(body)


def _by_its_looks(body: bytes) -> str:
    decoded = decode_text(body)
    return body.decode(errors="replace") if decoded is None else decoded.text
