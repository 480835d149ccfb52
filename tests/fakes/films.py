"""Films made on the spot: scenes of plain colours, which any eye and any codec tells apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tests.fakes.videos import RATE, encode

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 30), (30, 30, 200)

Scene = tuple[tuple[int, int, int], float]
"""A colour and for how many seconds it stands."""


def film(
    scenes: Sequence[Scene] = ((RED, 1.0), (BLUE, 1.0)),
    *,
    size: tuple[int, int] = (160, 96),
    stays: Sequence[int] = (1,),
    rotation: int = 0,
    **encoding: Any,
) -> bytes:
    """A film as a file.

    Args:
        scenes: One after the other.
        size: Pixels as stored.
        stays: For how many 25ths of a second each frame is seen, again and again.
        rotation: Degrees by which a player turns it to the right, as containers write it.
        **encoding: The further options of `tests.fakes.videos.encode`.
    """
    places = list(_places(sum(seconds for _, seconds in scenes), stays))
    ends = np.cumsum([seconds for _, seconds in scenes]) * RATE
    pictures: list[Any] = []
    for place in places:
        colour, _ = scenes[int(np.searchsorted(ends, place, side="right"))]
        pictures.append(np.full((size[1], size[0], 3), colour, np.uint8))
    if set(stays) != {1}:
        encoding["times"] = [float(Fraction(place, RATE)) for place in places]
    return encode(pictures, rotation=-rotation, **encoding)


def _places(seconds: float, stays: Sequence[int]) -> Iterator[int]:
    place, number = 0, 0
    while place < round(seconds * RATE):
        yield place
        place += stays[number % len(stays)]
        number += 1
