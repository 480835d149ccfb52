"""How a text is laid out in lines: how wide it is, and where it may be broken.

Scripts with spaces break at them. Chinese and Japanese break between any two characters but for
the marks that must not begin or end a line; so do Thai, Lao, Khmer and Burmese, whose words only a
dictionary could tell apart, between what a reader sees as characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from windfall.text.chunks import is_inside_character

LINE = 42
"""Columns of a line; a full-width character takes two."""
MOST_LINES = 2

# ruff: noqa: RUF001 - the marks of many scripts stand here as what they are.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x312F),  # radicals, CJK marks, kana, bopomofo
    (0x31A0, 0xA4CF),  # kana, bopomofo, ideographs, Yi
    (0xF900, 0xFAFF),  # ideographs
    (0xFF00, 0xFF9F),  # full-width marks, half-width kana
    (0x1B000, 0x1B16F),  # kana
    (0x20000, 0x3FFFF),  # ideographs
)
_NOT_FIRST = frozenset(
    "、。，．：；？！）］｝〕〉》」』】〙〗〟’”»ー々・…ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
)
_NOT_LAST = frozenset("（［｛〔〈《「『【〘〖〝‘“«¿¡")
_CLAUSE_ENDS = ",;:،؛、，；：—–"
_SENTENCE_ENDS = ".!?…؟。！？।"


def width(text: str) -> int:
    """Columns that a text takes."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def is_unspaced(character: str) -> bool:
    """Whether its script puts no spaces between words."""
    code = ord(character)
    return code >= _UNSPACED[0][0] and any(first <= code <= last for first, last in _UNSPACED)


def joined(left: str, right: str) -> str:
    """Two pieces of a text put together, with a space if their script has spaces."""
    if not left or not right:
        return left + right
    if is_unspaced(left[-1]) and is_unspaced(right[0]):
        return left + right
    return f"{left} {right}"


def ends_clause(text: str) -> bool:
    """Whether a reader pauses behind this."""
    last = text.rstrip()[-1:]
    return bool(last) and last in _CLAUSE_ENDS + _SENTENCE_ENDS


def breaks(text: str) -> list[int]:
    """The positions where a line may end, in order; white space before them falls away."""
    return [place for place in range(1, len(text)) if _may_break(text, place)]


def layout(text: str) -> list[str]:
    """The text in as few lines as it needs, two of them about equally long."""
    words = " ".join(text.split())
    lines = _filled(words)
    return _balanced(words) if len(lines) == MOST_LINES else lines


def fits(text: str) -> bool:
    """Whether a cue can hold it."""
    # Two full lines hold no more than this, so most long texts need not be laid out.
    return width(text) <= MOST_LINES * LINE + 1 and len(layout(text)) <= MOST_LINES


def _may_break(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if before.isspace():
        return not after.isspace()
    if after.isspace() or is_inside_character(text, place):
        return False
    if after in _NOT_FIRST or before in _NOT_LAST:
        return False
    return is_unspaced(before) and is_unspaced(after)


def _filled(text: str) -> list[str]:
    """Line by line, each as full as can be."""
    allowed = breaks(text)
    lines: list[str] = []
    start = 0
    while start < len(text):
        end = _line_end(text, start, allowed)
        lines.append(text[start:end].strip())
        start = end
    return [line for line in lines if line]


def _line_end(text: str, start: int, allowed: Sequence[int]) -> int:
    if width(text[start:].rstrip()) <= LINE:
        return len(text)
    full = _full(text, start)
    fitting = [place for place in allowed if start < place <= full + 1]
    # A space at the very end of a full line falls away.
    fitting = [place for place in fitting if width(text[start:place].rstrip()) <= LINE]
    return fitting[-1] if fitting else _hard_end(text, start, full)


def _full(text: str, start: int) -> int:
    columns = 0
    for place in range(start, len(text)):
        columns += width(text[place])
        if columns > LINE:
            return place
    return len(text)


def _hard_end(text: str, start: int, full: int) -> int:
    """A word longer than a line is cut between two characters."""
    for place in range(full, start, -1):
        if not is_inside_character(text, place):
            return place
    return full


def _balanced(text: str) -> list[str]:
    pairs = [(text[:place].strip(), text[place:].strip()) for place in breaks(text)]
    fitting = [pair for pair in pairs if max(map(width, pair)) <= LINE]
    if not fitting:
        return _filled(text)
    best: tuple[str, str] = min(fitting, key=_unevenness)
    return list(best)


def _unevenness(pair: Sequence[str]) -> int:
    upper, lower = map(width, pair)
    return abs(upper - lower) - (LINE // 4 if ends_clause(pair[0]) else 0)
