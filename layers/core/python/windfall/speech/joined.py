"""What was spoken in pieces, as one sound with one list of marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from windfall.mp3 import header_frame, sound
from windfall.speech.marks import delayed


class Spoken(NamedTuple):
    """One piece.

    Attributes:
        sound: Fetches its MP3.
        marks: Fetches its marks, as lines of JSON with times from the piece's beginning.
    """

    sound: Callable[[], bytes]
    marks: Callable[[], bytes]


class _Length(NamedTuple):
    """What is known of a piece's sound without holding it."""

    frames: int
    size: int
    duration: Fraction


class JoinedSpeech:
    """Pieces that follow each other; one of them is in memory at a time.

    Raises:
        InvalidInputError: A piece is no MP3.
    """

    def __init__(self, spoken: Sequence[Spoken]) -> None:
        self._spoken = spoken
        self._lengths = [_length(piece.sound()) for piece in spoken]

    @property
    def seconds(self) -> float:
        """How long the sound is."""
        return float(_total(length.duration for length in self._lengths))

    def sound(self) -> Iterator[bytes]:
        """The MP3, with a header frame that tells players the length of the whole."""
        frames = sum(length.frames for length in self._lengths)
        size = sum(length.size for length in self._lengths)
        for number, piece in enumerate(self._spoken):
            data = sound(piece.sound()).data
            if number == 0:
                yield header_frame(data, frames, size)
            yield data

    def marks(self) -> Iterator[bytes]:
        """The marks, with times from the beginning of the whole."""
        before = Fraction(0)
        for piece, length in zip(self._spoken, self._lengths, strict=True):
            yield delayed(piece.marks(), before)
            before += length.duration


def _length(file: bytes) -> _Length:
    audio = sound(file)
    return _Length(audio.frames, len(audio.data), audio.duration)


def _total(durations: Iterable[Fraction]) -> Fraction:
    return sum(durations, Fraction(0))
