"""Text in pieces of whole lines: a file larger than memory goes through a model piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

PIECE = 6 * 1024**2
"""Bytes of one piece: what SageMaker's containers take at once unless they are told otherwise."""

_QUOTE, _END = b'"', b"\n"


def pieces(body: BinaryIO, size: int = PIECE) -> Iterator[bytes]:
    """The whole body in pieces of whole lines; a line end within quotes ends no line.

    A piece is about as long as wanted: longer where one line is, shorter at the end.

    Args:
        body: What to read, from where it stands.
        size: Bytes of a piece.
    """
    rest = b""
    while read := body.read(size):
        held = rest + read
        # What is read short is the end: its last line may have no line end.
        cut = _last_end(held) if len(read) == size else len(held)
        if cut:
            yield held[:cut]
        rest = held[cut:]
    if rest:
        yield rest


def _last_end(text: bytes) -> int:
    """How many bytes of the text are whole lines; the text begins outside of quotes."""
    end = text.rfind(_END)
    if _QUOTE not in text:
        return end + 1
    quotes = text.count(_QUOTE, 0, end + 1)
    while end >= 0 and quotes % 2:
        earlier = text.rfind(_END, 0, end)
        quotes -= text.count(_QUOTE, earlier + 1, end + 1)
        end = earlier
    return end + 1
