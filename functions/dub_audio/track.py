"""Where on the track each cue is spoken, counted in frames of MP3."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

SAMPLE_RATE = 24_000
"""Hertz; the rate of neural voices, which every engine speaks at if asked."""
FRAME = Fraction(576 * 1000, SAMPLE_RATE)
"""Milliseconds of a frame (MPEG-2 layer III): 24."""
_HEARD = Fraction(576 + 529, 576)
"""Frames from a piece's beginning to its first sound: an encoder's usual delay and a decoder's."""


class Part(NamedTuple):
    """A cue as it was spoken.

    Attributes:
        start: When it should be heard, in milliseconds.
        lead: Frames of silence before it can be heard.
        frames: All frames of it, the lead included.
    """

    start: int
    lead: int
    frames: int


def length_of(milliseconds: float) -> int:
    """The frames of a track that long."""
    return max(1, round(milliseconds / FRAME))


def placed(parts: Sequence[Part], length: int) -> list[int]:
    """The frame at which each part begins; none begins before the one before has ended.

    A part that would go on behind the track's end begins earlier instead, and so do those before
    it, as far as they must. Only if there is more speech than track does the last one end behind.

    Args:
        parts: In order of their start.
        length: Frames of the track.
    """
    places: list[int] = []
    free = 0
    for part in parts:
        place = max(free, round(part.start / FRAME - _HEARD) - part.lead)
        places.append(place)
        free = place + part.frames
    limit = max(length, sum(part.frames for part in parts))
    for number in range(len(parts) - 1, -1, -1):
        places[number] = min(places[number], limit - parts[number].frames)
        limit = places[number]
    return places


def drift(part: Part, place: int) -> int:
    """Milliseconds by which a part is heard after its start; less than 0 is before."""
    return round((place + part.lead + _HEARD) * FRAME) - part.start
