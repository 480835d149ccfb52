"""Sentences and words of a text, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SENTENCE = re.compile(
    r"[.!?…]+[\"'\u2019\u201d)\]]*(?=\s|$)|[\u3002\uff01\uff1f]|\n\s*\n|\n(?=\s*[-*\d])"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Sra|Srta|Jr|vs|etc|e\.g|i\.e|approx|Inc|Ltd|Co|No|Ave|Blvd|Rd"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|U\.S|a\.m|p\.m)|\b[A-Z])\.$"
)
_WORD = re.compile(
    r"\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th)?\b|[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*\.?(?=com\b)(?:com)?"
    r"|(?:[A-Z]\.){2,}|[^\W_]+(?:[-'\u2019][^\W_]+)*|[^\w\s]|_"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text and where it lies."""

    text: str
    begin: int
    end: int


def sentences(text: str) -> Iterator[Piece]:
    """The sentences, without the blanks around them."""
    begin = 0
    ends = [
        match.end()
        for match in _SENTENCE.finditer(text)
        if not _ABBREVIATION.search(text[max(0, match.end() - 12) : match.end()])
    ]
    for end in [*ends, len(text)]:
        body = text[begin:end]
        first = begin + len(body) - len(body.lstrip())
        last = begin + len(body.rstrip())
        if first < last:
            yield Piece(text[first:last], first, last)
        begin = end


def words(sentence: Piece) -> list[Piece]:
    """A sentence's words and signs; contractions are parted as English taggers want them."""
    found = []
    for match in _WORD.finditer(sentence.text):
        begin = sentence.begin + match.start()
        word = match.group()
        cut = _contraction(word)
        if cut:
            found.append(Piece(word[:cut], begin, begin + cut))
            found.append(Piece(word[cut:], begin + cut, begin + len(word)))
        else:
            found.append(Piece(word, begin, begin + len(word)))
    return found


def _contraction(word: str) -> int:
    """Where a contraction parts (`do|n't`, `Maria|'s`); 0 when it is none."""
    lower = word.lower().replace("\u2019", "'")
    if lower.endswith("n't") and len(word) > 3:
        return len(word) - 3
    for ending in ("'s", "'re", "'ve", "'ll", "'d", "'m"):
        if lower.endswith(ending) and len(word) > len(ending):
            return len(word) - len(ending)
    return 0
