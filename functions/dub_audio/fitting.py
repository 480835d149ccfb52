"""How fast a cue is spoken so that it fits into its time.

1. As the voice speaks by itself. Too short for its slot by a fifth: slower, down to 80 %.
2. Too long for its slot: faster, up to 130 %, which still sounds natural.
3. Still too long: it goes on in the silence behind its slot.
4. Too long for that as well: faster, up to 150 %. What is left then delays the next cue; no word
   is left out.

A rate is not kept exactly by any voice, so what was made is measured, and the rate of the next
try is that measure's.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import NamedTuple, Protocol, TypeVar

OWN = 100
"""Percent: the rate that a voice has by itself."""
SLOWEST = 80
FASTEST_NATURAL = 130
FASTEST = 150
_MOST_TAKES = 4


class Spoken(Protocol):
    """A cue that was spoken."""

    @property
    def milliseconds(self) -> int:
        """How long it is heard."""
        ...


Take = TypeVar("Take", bound=Spoken)


class Slot(NamedTuple):
    """The time for a cue, in milliseconds.

    Attributes:
        length: From the cue's start to its end.
        room: From the cue's start to the next one's, or to the end of the sound.
    """

    length: int
    room: int


def fit(slot: Slot, speak: Callable[[int], Take]) -> tuple[int, Take]:
    """The take to use and its rate in percent.

    Args:
        slot: The time for it.
        speak: Speaks it at a rate, which costs money each time.
    """
    rate, take = OWN, speak(OWN)
    for _ in range(_MOST_TAKES - 1):
        next_rate = _next_rate(rate, take.milliseconds, slot)
        if next_rate == rate:
            break
        other = speak(next_rate)
        if next_rate < OWN:
            fits = other.milliseconds <= slot.room
            return (next_rate, other) if fits else (rate, take)
        rate, take = next_rate, other
    return rate, take


def _next_rate(rate: int, milliseconds: int, slot: Slot) -> int:
    """The rate to try next; the same one when what was made will do."""
    if milliseconds <= slot.length:
        sparse = rate == OWN and milliseconds < slot.length * SLOWEST // 100
        return max(SLOWEST, ceil(100 * milliseconds / slot.length)) if sparse else rate
    if rate == OWN:
        return min(FASTEST_NATURAL, _faster(rate, milliseconds, slot.length))
    if milliseconds <= slot.room:
        return rate
    return min(FASTEST, max(rate, _faster(rate, milliseconds, slot.room)))


def _faster(rate: int, milliseconds: int, wanted: int) -> int:
    return min(FASTEST, max(rate + 1, ceil(rate * milliseconds / max(1, wanted))))
