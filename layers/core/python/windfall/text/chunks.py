"""Cuts a text into chunks that an AI service takes, without losing or changing a character.

A chunk ends, in this order of preference, behind a sentence, behind white space, between two
user-perceived characters, between two code points. The chunks follow each other without a gap or
an overlap: joined, they are the text again, and a position in a chunk plus the chunk's `start` is
the position in the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

LONGEST_CHARACTER = 4
"""Bytes of the longest character in UTF-8."""

# ruff: noqa: RUF001 - the marks of many scripts stand here as what they are.
_CLOSERS = "\"'”’)]}»›」』】）"
_SPACED_ENDS = ".!?…؟۔।॥։።"
"""Marks that end a sentence when white space follows."""
_PLAIN_ENDS = "。！？｡"
"""Marks that end a sentence whatever follows: their scripts put no space between sentences."""

# A full stop behind one of these ends no sentence. English, Spanish, German, French.
_ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "sr", "sra", "srta", "st", "jr", "mme", "mlle"}
    | {"vs", "cf", "nr", "fig", "vol", "pp", "approx", "e.g", "i.e", "eg", "ie", "inc", "ltd"}
    | {"bzw", "z.b", "u.a", "d.h", "ca", "p.ej", "av", "avda", "ud", "uds", "núm", "pág"}
)
_LONGEST_ABBREVIATION = 8

_ZERO_WIDTH_JOINER = "\u200d"
_HANGUL_LEADS = range(0x1100, 0x1160)
_HANGUL_FOLLOWERS = range(0x1160, 0x1200)
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)


class Chunk(NamedTuple):
    """A piece of a text.

    Attributes:
        text: The piece itself.
        start: Where it begins in the whole text, in characters (code points).
    """

    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends in the whole text; the next chunk starts here."""
        return self.start + len(self.text)


def split(
    text: str, *, max_bytes: int | None = None, max_characters: int | None = None
) -> Iterator[Chunk]:
    """Cut a text into chunks within the given limits.

    Args:
        text: Any text; an empty one has no chunks.
        max_bytes: The most bytes of a chunk in UTF-8; at least 4, the longest character.
        max_characters: The most characters (code points) of a chunk.

    Raises:
        ValueError: No limit is given, or one that a single character can't keep.
    """
    if max_bytes is None and max_characters is None:
        raise ValueError("A chunk needs a limit.")
    too_few_bytes = max_bytes is not None and max_bytes < LONGEST_CHARACTER
    if too_few_bytes or (max_characters is not None and max_characters < 1):
        raise ValueError("A chunk must have room for one character.")
    start = 0
    while start < len(text):
        limit = _furthest(text, start, max_bytes, max_characters)
        end = limit if limit == len(text) else _best_cut(text, start, limit)
        yield Chunk(text[start:end], start)
        start = end


def sentences(text: str) -> Iterator[Chunk]:
    """The sentences of a text, each with the white space behind it."""
    start = 0
    for position in range(1, len(text)):
        if is_sentence_end(text, position):
            yield Chunk(text[start:position], start)
            start = position
    if start < len(text):
        yield Chunk(text[start:], start)


def is_sentence_end(text: str, position: int) -> bool:
    """Whether a sentence, or a paragraph, ends right before this position.

    The white space behind a sentence belongs to it, so only the end of a run of white space can
    be one.
    """
    before = text[position - 1]
    if not before.isspace():
        return _closes_plain_sentence(text, position)
    if text[position].isspace() or is_inside_character(text, position):
        return False
    words_end = position - 1
    line_breaks = 0
    while words_end > 0 and text[words_end].isspace():
        line_breaks += text[words_end] == "\n"
        words_end -= 1
    if line_breaks > 1 or "\u2029" in text[words_end:position]:
        return True
    return _closes_spaced_sentence(text, words_end + 1, text[position])


def is_inside_character(text: str, position: int) -> bool:
    """Whether a cut here would part what a reader sees as one character (or a CRLF).

    An approximation of Unicode's extended grapheme clusters by categories: marks, joiners,
    skin tones, flags and Hangul syllables.
    """
    before, after = text[position - 1], text[position]
    if before in "\r\n":
        return before == "\r" and after == "\n"
    if _ZERO_WIDTH_JOINER in (before, after) or unicodedata.category(after) in {"Mn", "Me", "Mc"}:
        return True
    code, previous = ord(after), ord(before)
    if code in _SKIN_TONES:
        return True
    if code in _HANGUL_FOLLOWERS or (code in _HANGUL_LEADS and previous in _HANGUL_LEADS):
        return previous in _HANGUL_LEADS or previous in _HANGUL_FOLLOWERS or _is_syllable(previous)
    return code in _REGIONAL_INDICATORS and _is_half_a_flag(text, position)


def _furthest(text: str, start: int, max_bytes: int | None, max_characters: int | None) -> int:
    end = len(text) if max_characters is None else min(len(text), start + max_characters)
    if max_bytes is None:
        return end
    # A character has at least one byte, so this slice holds all that can fit.
    encoded = text[start : min(end, start + max_bytes)].encode()
    if len(encoded) <= max_bytes:
        return min(end, start + max_bytes)
    return start + len(encoded[:max_bytes].decode(errors="ignore"))


def _best_cut(text: str, start: int, limit: int) -> int:
    """The preferred end of a chunk; `limit` lies inside the text, so text goes on behind it."""
    first_word = start
    while first_word < limit and text[first_word].isspace():
        first_word += 1
    # Behind the leading white space: a chunk of nothing but white space helps nobody.
    space = character = 0
    for position in range(limit, first_word, -1):
        if is_sentence_end(text, position) or _is_sentence_end_at_limit(text, position, limit):
            return position
        if space or is_inside_character(text, position):
            continue
        character = character or position
        if text[position - 1].isspace():
            space = position
    if space or character:
        return space or character
    splits_line_break = text[limit - 1] == "\r" and text[limit] == "\n" and limit - start > 1
    return limit - splits_line_break


def _is_sentence_end_at_limit(text: str, position: int, limit: int) -> bool:
    """Whether the limit falls between a sentence and the end of the white space behind it."""
    if position != limit or not text[position].isspace() or text[position - 1].isspace():
        return False
    end = position
    while end < len(text) - 1 and end - position < _FAR and text[end].isspace():
        end += 1
    return not text[end].isspace() and is_sentence_end(text, end)


_FAR = 256
"""White space longer than this is not looked through for what follows it."""


def _closes_plain_sentence(text: str, position: int) -> bool:
    after = text[position]
    if after.isspace() or after in _PLAIN_ENDS or after in _CLOSERS:
        return False
    if is_inside_character(text, position):
        return False
    last = position - 1
    while last > 0 and text[last] in _CLOSERS and position - last < LONGEST_CHARACTER:
        last -= 1
    return text[last] in _PLAIN_ENDS


def _closes_spaced_sentence(text: str, end: int, following: str) -> bool:
    """Whether text[:end] ends a sentence, given the first character behind the white space."""
    last = end - 1
    while last > 0 and text[last] in _CLOSERS and end - last < LONGEST_CHARACTER:
        last -= 1
    mark = text[last]
    if mark in _PLAIN_ENDS:
        return True
    if mark not in _SPACED_ENDS:
        return False
    if mark != ".":
        return True
    return not following.islower() and not _is_abbreviated(text, last)


def _is_abbreviated(text: str, stop: int) -> bool:
    first = stop
    while first > 0 and stop - first <= _LONGEST_ABBREVIATION and not text[first - 1].isspace():
        first -= 1
    word = text[first:stop].lstrip("(\"'«“").lower()
    # "J. Roe": the stop behind a single letter belongs to an initial.
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha())


def _is_syllable(code: int) -> bool:
    return 0xAC00 <= code <= 0xD7A3


def _is_half_a_flag(text: str, position: int) -> bool:
    indicators = 0
    while indicators < position and ord(text[position - 1 - indicators]) in _REGIONAL_INDICATORS:
        indicators += 1
        if indicators > _FAR:
            return False
    return indicators % 2 == 1
