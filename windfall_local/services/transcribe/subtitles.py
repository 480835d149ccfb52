"""Utterances as WebVTT and SubRip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from windfall_local.services.transcribe.transcript import Piece, Utterance

LONGEST = 80
"""Characters of a subtitle: two lines of what a screen shows."""

SLOWEST = 7.0
"""Seconds for which one stays."""


@dataclass(frozen=True, slots=True)
class Subtitle:
    """A text and when it is shown, in seconds."""

    start: float
    end: float
    text: str


def subtitles(utterances: Sequence[Utterance]) -> list[Subtitle]:
    """Subtitles of at most two lines' length, none longer than a sentence."""
    found = []
    for utterance in utterances:
        for pieces in _parts(utterance.pieces):
            text = " ".join(piece.word.text + piece.word.mark for piece in pieces)
            found.append(Subtitle(pieces[0].word.start, pieces[-1].word.end, text))
    return sorted(found, key=lambda subtitle: subtitle.start)


def vtt(items: Sequence[Subtitle], first: int) -> str:
    """A WebVTT file, numbered from `first`."""
    cues = [
        f"{number}\n{_time(item.start, '.')} --> {_time(item.end, '.')}\n{_escaped(item.text)}\n"
        for number, item in enumerate(items, first)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def srt(items: Sequence[Subtitle], first: int) -> str:
    """A SubRip file, numbered from `first`."""
    cues = [
        f"{number}\n{_time(item.start, ',')} --> {_time(item.end, ',')}\n{item.text}\n"
        for number, item in enumerate(items, first)
    ]
    return "\n".join(cues)


def _parts(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    part: list[Piece] = []
    for piece in pieces:
        length = sum(len(one.word.text) + len(one.word.mark) + 1 for one in [*part, piece]) - 1
        if part and (length > LONGEST or piece.word.end - part[0].word.start > SLOWEST):
            yield part
            part = []
        part.append(piece)
        if piece.word.mark in (".", "?", "!"):
            yield part
            part = []
    if part:
        yield part


def _time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
