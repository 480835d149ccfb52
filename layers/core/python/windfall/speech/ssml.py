"""A text as SSML that Polly takes, and the way back from a place in it to the text.

Polly's speech marks count bytes of the SSML that it was given, tags and escapes included. Each
piece remembers which bytes of it stand for which bytes of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from windfall.text.chunks import Chunk, sentences, split


class Limits(NamedTuple):
    """What Polly takes at once.

    Attributes:
        billed: Characters outside of tags.
        total: Characters with the tags.
    """

    billed: int
    total: int


REQUEST = Limits(3_000, 6_000)
"""Of SynthesizeSpeech (developer guide, quotas)."""

TASK = Limits(100_000, 200_000)
"""Of StartSpeechSynthesisTask."""

_OPEN, _CLOSE = "<speak>", "</speak>"
_PARAGRAPH = "</p><p>"
_SENTENCE_TAGS = len("<s></s>")
_FRAME = len(_OPEN + "<p></p>" + _CLOSE)
_LONG_SENTENCE = 500
"""A sentence that is too long for a request is cut to so many characters; escaped they fit. In a
task it would fit, and no voice finds its breath in it."""
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*\Z")
# Characters that XML needs escaped, and those that it can not hold at all.
_SPECIAL = re.compile("[&<>\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class _Run(NamedTuple):
    """Bytes of the SSML from `start` on, and the bytes of the text that they stand for.

    Attributes:
        verbatim: They are the same bytes; otherwise they stand for each other as a whole.
    """

    start: int
    text_start: int
    text_end: int
    verbatim: bool


@dataclass(slots=True)
class Piece:
    """What one request or task says.

    Attributes:
        start: Where it begins in the text, in characters.
        end: Where it ends in the text.
        billed: At most as many characters as Polly bills.
    """

    start: int
    end: int
    ssml: str
    billed: int
    _runs: list[_Run] = field(default_factory=list)

    def text_range(self, start: int, end: int) -> tuple[int, int]:
        """The bytes of the text that a range of bytes of the SSML stands for."""
        first, last = self._at(start), self._at(max(start, end - 1))
        begins = first.text_start + (start - first.start if first.verbatim else 0)
        ends = last.text_start + (end - last.start) if last.verbatim else last.text_end
        begins = min(begins, first.text_end)
        return begins, max(begins, min(ends, last.text_end))

    def _at(self, offset: int) -> _Run:
        return self._runs[max(0, bisect_right(self._runs, offset, key=_start_of) - 1)]


def _start_of(run: _Run) -> int:
    return run.start


def pieces(text: str, limits: Limits) -> Iterator[Piece]:
    """The text in as few pieces as the limits allow, each of whole sentences where they fit.

    What holds no letter and no digit (a line of asterisks) is not spoken.
    """
    writer = _Writer(limits)
    for sentence, paragraph_ends in _spoken(text):
        if not writer.takes(sentence):
            yield writer.piece()
        writer.write(sentence, paragraph_ends=paragraph_ends)
    if writer.written:
        yield writer.piece()


class _Sentence(NamedTuple):
    """A sentence without the white space around it, and its place in bytes of the text."""

    chunk: Chunk
    byte_start: int
    escaped: int


def _spoken(text: str) -> Iterator[tuple[_Sentence, bool]]:
    byte_start = 0
    for sentence in sentences(text):
        parts = [sentence]
        if _escaped_length(sentence.text) > REQUEST.billed:
            parts = [
                Chunk(part.text, sentence.start + part.start)
                for part in split(sentence.text, max_characters=_LONG_SENTENCE)
            ]
        for part in parts:
            words = part.text.strip()
            if any(character.isalnum() for character in words):
                before = part.text[: part.text.index(words)]
                chunk = Chunk(words, part.start + len(before))
                place = byte_start + len(before.encode())
                paragraph_ends = bool(_PARAGRAPH_END.search(part.text))
                yield _Sentence(chunk, place, _escaped_length(words)), paragraph_ends
            byte_start += len(part.text.encode())


def _escaped_length(text: str) -> int:
    """In UTF-16 units: whichever way Polly counts, it counts no more."""
    return len(_SPECIAL.sub(_escape, text).encode("utf-16-le", errors="replace")) // 2


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], " ")


class _Writer:
    """Writes the SSML of a piece and notes which bytes are which."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._clear()

    def _clear(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self._runs: list[_Run] = []
        self._billed = 0
        self._total = _FRAME
        self._first = self._last = 0
        self._text_end = 0
        self._paragraph_ended = False

    @property
    def written(self) -> bool:
        return bool(self._parts)

    def takes(self, sentence: _Sentence) -> bool:
        """Whether a further sentence fits in; the first one always does."""
        tags = _SENTENCE_TAGS + len(_PARAGRAPH)
        billed, total = self._billed + sentence.escaped, self._total + sentence.escaped + tags
        fits = billed <= self._limits.billed and total <= self._limits.total
        return fits or not self.written

    def write(self, sentence: _Sentence, *, paragraph_ends: bool) -> None:
        if not self.written:
            self._first = sentence.chunk.start
            self._text_end = sentence.byte_start
            self._tag(f"{_OPEN}<p>")
        elif self._paragraph_ended:
            self._tag(_PARAGRAPH)
            self._total += len(_PARAGRAPH)
        self._tag("<s>")
        self._words(sentence)
        self._tag("</s>")
        self._last = sentence.chunk.end
        self._billed += sentence.escaped
        self._total += sentence.escaped + _SENTENCE_TAGS
        self._paragraph_ended = paragraph_ends

    def piece(self) -> Piece:
        """The piece so far; the next one begins."""
        self._tag(f"</p>{_CLOSE}")
        made = Piece(self._first, self._last, "".join(self._parts), self._billed, self._runs)
        self._clear()
        return made

    def _words(self, sentence: _Sentence) -> None:
        text, position = sentence.chunk.text, 0
        self._text_end = sentence.byte_start
        for special in _SPECIAL.finditer(text):
            self._verbatim(text[position : special.start()])
            self._run(_escape(special), len(special[0].encode()), verbatim=False)
            position = special.end()
        self._verbatim(text[position:])

    def _verbatim(self, words: str) -> None:
        if words:
            self._run(words, len(words.encode()), verbatim=True)

    def _tag(self, tag: str) -> None:
        self._run(tag, 0, verbatim=False)

    def _run(self, written: str, text_bytes: int, *, verbatim: bool) -> None:
        end = self._text_end + text_bytes
        self._runs.append(_Run(self._size, self._text_end, end, verbatim))
        self._parts.append(written)
        self._size += len(written.encode())
        self._text_end = end
