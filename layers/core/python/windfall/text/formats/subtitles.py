"""The spoken text of SubRip (srt) and WebVTT (vtt) captions: their cues, nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from windfall.text.extraction import Document
from windfall.text.formats.plain import decode

_TIMING = re.compile(
    r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}"
)
# <i>, <c.loud>, <v Mary>, <00:00:01.000>, and SubRip's {\an8}.
_TAGS = re.compile(r"</?[a-zA-Z0-9][^<>]{0,200}>|\{\\[^{}]{0,100}\}")


def read(body: bytes) -> Document:
    """The text of the cues in their order, a cue a line."""
    lines = decode(body).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Document("\n".join(_cues(lines)))


def _cues(lines: list[str]) -> Iterator[str]:
    """Whatever follows a line of times, up to the next blank line."""
    position = 0
    previous = None
    while position < len(lines):
        if not _TIMING.match(lines[position]):
            position += 1
            continue
        position += 1
        first = position
        while position < len(lines) and lines[position].strip():
            position += 1
        words = " ".join(_words(line) for line in lines[first:position]).strip()
        # Captions that roll up repeat the line before.
        if words and words != previous:
            previous = words
            yield words


def _words(line: str) -> str:
    return " ".join(html.unescape(_TAGS.sub("", line)).split())
