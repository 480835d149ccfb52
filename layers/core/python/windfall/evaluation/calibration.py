"""Whether scores come true: of the rows scored 0.8, eight in ten should be positive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LEAST = 1e-15
"""A score of 0 or 1 that turns out wrong would cost without end; scikit-learn clips near here."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows with scores close together.

    Attributes:
        score: Their mean score.
        positive: The share of them that is positive.
    """

    rows: int
    score: float
    positive: float


def calibrate(scores: Sequence[float], positive: Sequence[bool], bins: int = 10) -> list[Bin]:
    """The scores between 0 and 1 in so many bins of equal width; empty bins are left out."""
    rows, sums, hits = [0] * bins, [0.0] * bins, [0] * bins
    for score, is_positive in zip(scores, positive, strict=True):
        place = min(bins - 1, max(0, math.ceil(score * bins) - 1))
        rows[place] += 1
        sums[place] += score
        hits[place] += is_positive
    return [
        Bin(count, total / count, found / count)
        for count, total, found in zip(rows, sums, hits, strict=True)
        if count
    ]


def brier(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The mean squared distance from what came true: 0 is perfect, 0.25 says nothing."""
    squares = (
        (score - is_positive) ** 2 for score, is_positive in zip(scores, positive, strict=True)
    )
    return math.fsum(squares) / max(1, len(scores))


def log_loss(chances: Sequence[float]) -> float:
    """The mean surprise, given the chance that was given to each row's true class."""
    total = math.fsum(math.log(min(1 - _LEAST, max(_LEAST, chance))) for chance in chances)
    return -total / max(1, len(chances))
