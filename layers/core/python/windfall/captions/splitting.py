"""Words become cues: at sentences' ends, then at clauses', within lines and seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from windfall.captions.cues import LONGEST, SHORTEST, Cue
from windfall.captions.lines import MOST_LINES, ends_clause, fits, joined, layout, width
from windfall.text.chunks import is_sentence_end

if TYPE_CHECKING:
    from windfall.captions.transcript import Word

_PAUSE = 1_500
"""Milliseconds of silence that end a cue whatever the sentence."""
_BREATH = 500
"""Milliseconds of silence that a cue may hold when it takes in a short neighbour."""
_CLAUSE_WEIGHT = 0.5
_PAUSE_WEIGHT = 0.3


def make_cues(tracks: Sequence[Sequence[Word]], length: int) -> list[Cue]:
    """The cues of a sound; those of one track do not overlap.

    Args:
        tracks: The words of each channel, or of the one there is.
        length: Milliseconds of the sound.
    """
    cues = [cue for track in tracks for cue in _track_cues(track, length)]
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def _track_cues(words: Sequence[Word], length: int) -> list[Cue]:
    rough = [
        cue
        for stretch in _stretches(words)
        for sentence in _sentences(stretch)
        for part in _parts(sentence)
        for cue in _cues(part)
    ]
    return _timed(_gathered(rough), length)


def _stretches(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Words of one speaker without a pause."""
    first = 0
    for place, (before, after) in enumerate(pairwise(words), 1):
        if before.speaker != after.speaker or after.start - before.end >= _PAUSE:
            yield words[first:place]
            first = place
    if words:
        yield words[first:]


def _sentences(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    text, starts = _together(words)
    first = 0
    for place in range(1, len(words)):
        if is_sentence_end(text, starts[place]):
            yield words[first:place]
            first = place
    yield words[first:]


def _together(words: Sequence[Word]) -> tuple[str, list[int]]:
    """The words as a text, and where each begins in it."""
    pieces: list[str] = []
    starts: list[int] = []
    size = 0
    for word in words:
        # Only the two characters that meet decide whether a space stands between them.
        meeting = joined(pieces[-1][-1:], word.text[:1]) if pieces else ""
        if len(meeting) > 2:
            pieces.append(" ")
            size += 1
        starts.append(size)
        pieces.append(word.text)
        size += len(word.text)
    return "".join(pieces), starts


def _parts(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """A sentence, halved at its best places until each part fits."""
    waiting = [words]
    while waiting:
        part = waiting.pop()
        in_time = part[-1].end - part[0].start <= LONGEST
        if len(part) == 1 or (in_time and fits(_together(part)[0])):
            yield part
            continue
        cut = _best_cut(part)
        waiting += [part[cut:], part[:cut]]


def _best_cut(words: Sequence[Word]) -> int:
    """Behind a clause, at a pause, near the middle: what weighs most together."""
    columns = list(accumulate(width(word.text) + 1 for word in words))
    half = columns[-1] / 2

    def worth(cut: int) -> float:
        before, after = words[cut - 1], words[cut]
        balance = 1 - abs(columns[cut - 1] - half) / half
        pause = min(1.0, max(0, after.start - before.end) / _BREATH)
        return balance + _PAUSE_WEIGHT * pause + _CLAUSE_WEIGHT * ends_clause(before.text)

    return max(range(1, len(words)), key=worth)


def _cues(words: Sequence[Word]) -> Iterator[Cue]:
    """One cue, or several for a single word that is longer than a cue."""
    first, last = words[0], words[-1]
    lines = layout(_together(words)[0])
    texts = [
        "".join(lines[place : place + MOST_LINES]) for place in range(0, len(lines), MOST_LINES)
    ]
    if len(texts) == 1:
        texts = [_together(words)[0]]
    total = max(1, last.end - first.start)
    spent = 0
    characters = sum(map(len, texts))
    for text in texts:
        start = first.start + total * spent // characters
        spent += len(text)
        end = max(start + 1, first.start + total * spent // characters)
        yield Cue(start=start, end=min(end, start + LONGEST), text=text, speaker=first.speaker)


def _gathered(cues: Sequence[Cue]) -> list[Cue]:
    """A cue that is too short goes together with its neighbour, if both fit into one."""
    gathered: list[Cue] = []
    for cue in cues:
        before = gathered[-1] if gathered else None
        if before is not None and _belongs(before, cue):
            gathered[-1] = before.model_copy(
                update={"end": max(before.end, cue.end), "text": joined(before.text, cue.text)}
            )
        else:
            gathered.append(cue)
    return gathered


def _belongs(before: Cue, cue: Cue) -> bool:
    return (
        min(before.length, cue.length) < SHORTEST
        and before.speaker == cue.speaker
        and cue.start - before.end < _BREATH
        and cue.end - before.start <= LONGEST
        and fits(joined(before.text, cue.text))
    )


def _timed(cues: Sequence[Cue], length: int) -> list[Cue]:
    """No overlaps; a short cue takes of the silence behind it, then of that before it."""
    timed: list[Cue] = []
    ended = 0
    for place, cue in enumerate(cues):
        following = cues[place + 1].start if place + 1 < len(cues) else max(length, cue.end)
        start = max(cue.start, ended)
        end = max(start + 1, min(cue.end, following))
        end = max(end, min(start + SHORTEST, following))
        if end - start < SHORTEST:
            start = max(ended, end - SHORTEST)
        timed.append(cue.model_copy(update={"start": start, "end": end}))
        ended = end
    return timed
