"""Speech marks of a piece as those of the whole text and the whole sound."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windfall.speech.ssml import Piece

_TYPES = frozenset({"sentence", "word"})


def placed(piece: Piece, marks: Iterable[Mapping[str, Any]], text: bytes) -> Iterator[str]:
    """The marks as lines of JSON: bytes of the text (UTF-8), times from the piece's beginning.

    Args:
        piece: What was spoken.
        marks: Polly's marks for it.
        text: The whole text.
    """
    for mark in marks:
        if mark["type"] not in _TYPES:
            continue
        start, end = piece.text_range(mark["start"], mark["end"])
        start, end = _without_space(text, start, end)
        if start == end:
            continue  # a word that the voice said of its own, such as an emoji's name
        value = text[start:end].decode(errors="replace")
        line = {"time": mark["time"], "type": mark["type"], "start": start, "end": end}
        yield json.dumps({**line, "value": value}, ensure_ascii=False)


def placed_lines(piece: Piece, marks: Iterable[Mapping[str, Any]], text: bytes) -> bytes:
    """The same, as a file."""
    return "".join(f"{line}\n" for line in placed(piece, marks, text)).encode()


def delayed(lines: bytes, seconds: Fraction) -> bytes:
    """The same marks, after so many seconds of other sound."""
    milliseconds = round(seconds * 1000)
    later = []
    for line in lines.splitlines():
        mark = json.loads(line)
        mark["time"] += milliseconds
        later.append(json.dumps(mark, ensure_ascii=False))
    return "".join(f"{line}\n" for line in later).encode()


def _without_space(text: bytes, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start : start + 1].isspace():
        start += 1
    while end > start and text[end - 1 : end].isspace():
        end -= 1
    return start, end
