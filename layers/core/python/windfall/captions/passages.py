"""Cues as passages to translate whole, and a translated passage as cues again.

A sentence that spans cues can not be translated piece by piece: other languages have another order
of words. So the cues from one sentence's end to the next are translated as one text, which is then
spread over the same time, each cue's share by its length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from windfall.captions.cues import LONGEST, Cue
from windfall.captions.lines import breaks, ends_clause, fits, joined, width
from windfall.text.chunks import is_sentence_end

_PARAGRAPH = 2_000
"""Milliseconds of silence that end a paragraph."""
_MOST_CUES = 6
"""A speech recognizer that hears no punctuation makes no sentences: then so many cues are one."""
_MOST_BYTES = 4_000
_CLAUSE_BONUS = 0.3


class Passage(NamedTuple):
    """Cues whose text is translated as a whole.

    Attributes:
        ends_paragraph: Another speaker, or a long silence, follows.
    """

    cues: Sequence[Cue]
    ends_paragraph: bool

    @property
    def text(self) -> str:
        """What the cues say, in one line."""
        text = ""
        for cue in self.cues:
            text = joined(text, " ".join(cue.text.split()))
        return text


def passages(cues: Sequence[Cue]) -> Iterator[Passage]:
    """The passages of all cues, in their order; cues of several channels that overlap included."""
    taken: list[Cue] = []
    size = 0
    for cue, after in pairwise((*cues, None)):
        if cue is None:
            break
        taken.append(cue)
        size += len(cue.text.encode())
        parts = after is None or is_paragraph_end(cue, after)
        if parts or _ends_passage(taken, size, after):
            yield Passage(tuple(taken), parts)
            taken, size = [], 0


def is_paragraph_end(cue: Cue, after: Cue) -> bool:
    """Whether what follows is said by another, or after a long silence."""
    return cue.speaker != after.speaker or after.start - cue.end >= _PARAGRAPH


def paragraphs(texts: Sequence[str], passages_: Sequence[Passage]) -> str:
    """Texts of passages as one text: a blank line between paragraphs."""
    whole: list[str] = [""]
    for text, passage in zip(texts, passages_, strict=True):
        whole[-1] = joined(whole[-1], text)
        if passage.ends_paragraph:
            whole.append("")
    return "\n\n".join(paragraph for paragraph in whole if paragraph)


def refit(text: str, cues: Sequence[Cue]) -> list[Cue]:
    """A text over the times of some cues, each of which it fills by its length.

    What does not fit into a cue's lines makes two cues of it; where there are fewer words than
    cues, a cue's time goes to the one before.
    """
    words = " ".join(text.split())
    if not words or not cues:
        return []
    slots = _slots(cues)
    shares = _shares(words, [end - start for start, end in slots])
    fitted: list[Cue] = []
    for share, (start, end) in zip(shares, slots, strict=True):
        if share:
            fitted += _within(share, start, end, cues[0].speaker)
        elif fitted and start - fitted[-1].end <= 0 and end - fitted[-1].start <= LONGEST:
            fitted[-1] = fitted[-1].model_copy(update={"end": end})
    return fitted


def _ends_passage(taken: Sequence[Cue], size: int, after: Cue | None) -> bool:
    if len(taken) >= _MOST_CUES or size >= _MOST_BYTES or after is None:
        return True
    # A letter in upper case begins the next sentence, so that the stop alone decides.
    text = joined(taken[-1].text, after.text)
    return is_sentence_end(text, len(text) - len(after.text))


def _slots(cues: Sequence[Cue]) -> list[tuple[int, int]]:
    return [(cue.start, cue.end) for cue in cues]


def _shares(text: str, lengths: Sequence[int]) -> list[str]:
    """The text in as many pieces as there are lengths; pieces may be empty."""
    if len(lengths) == 1:
        return [text]
    allowed = breaks(text)
    total, whole = sum(lengths), len(text)
    cuts: list[int] = []
    spent = 0
    for length in lengths[:-1]:
        spent += length
        cuts.append(_nearest(text, allowed, spent / total * whole, whole, cuts[-1] if cuts else 0))
    return [text[first:last].strip() for first, last in pairwise((0, *cuts, whole))]


def _nearest(text: str, allowed: Sequence[int], ideal: float, whole: int, least: int) -> int:
    """The allowed place near the ideal one, a clause's end sooner than another."""
    later = [place for place in allowed if place > least]
    if not later:
        return whole

    def distance(place: int) -> float:
        bonus = _CLAUSE_BONUS if ends_clause(text[:place]) else 0
        return abs(place - ideal) / whole * (1 - bonus)

    return min(later, key=distance)


def _within(text: str, start: int, end: int, speaker: str | None) -> list[Cue]:
    """One cue, or as many as the text needs, one behind the other in the same time."""
    if fits(text) or end - start < 2:
        return [Cue(start=start, end=end, text=text, speaker=speaker)]
    left, right = _halves(text)
    share = width(left) / (width(left) + width(right))
    middle = min(end - 1, max(start + 1, start + round((end - start) * share)))
    return [*_within(left, start, middle, speaker), *_within(right, middle, end, speaker)]


def _halves(text: str) -> tuple[str, str]:
    half = len(text) // 2
    place = _nearest(text, breaks(text), half, len(text), 0)
    if place >= len(text):
        place = half  # one word longer than two lines
    return text[:place].strip(), text[place:].strip()
