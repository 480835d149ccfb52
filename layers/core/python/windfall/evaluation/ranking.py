"""How well scores order the rows: the ROC and precision-recall curves, and what lies below them.

Rows with equal scores can not be told apart, so they pass the threshold together: a curve has one
point for each different score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Point:
    """What becomes of the rows when those with at least this score are called positive.

    Attributes:
        hits: Positive rows that are called so.
        false_alarms: Negative rows that are called positive.
    """

    threshold: float
    hits: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every point that the scores can be cut at, the highest score first.

    Attributes:
        positives: Rows that are positive, as `negatives` are those that are not.
    """

    points: Sequence[Point]
    positives: int
    negatives: int

    def area(self) -> float | None:
        """Below the ROC curve: the chance that a positive row outranks a negative one.

        None where one of the classes is absent.
        """
        if not self.positives or not self.negatives:
            return None
        doubled = 0
        for before, after in pairwise([_START, *self.points]):
            doubled += (after.false_alarms - before.false_alarms) * (before.hits + after.hits)
        return doubled / (2 * self.positives * self.negatives)

    def average_precision(self) -> float | None:
        """The mean precision, weighted by the recall that each point adds; None of no positives."""
        if not self.positives:
            return None
        total = 0.0
        for before, after in pairwise([_START, *self.points]):
            total += (after.hits - before.hits) * after.hits / (after.hits + after.false_alarms)
        return total / self.positives

    def roc(self, most: int) -> list[tuple[float, float]]:
        """False-positive and true-positive rates, from (0, 0) to (1, 1), at most so many points."""
        curve = [
            (point.false_alarms / max(1, self.negatives), point.hits / max(1, self.positives))
            for point in self.points
        ]
        return [(0.0, 0.0), *thinned(curve, most)]

    def precision_recall(self, most: int) -> list[tuple[float, float]]:
        """Recall and precision, from the highest score to the lowest, at most so many points."""
        curve = [
            (
                point.hits / max(1, self.positives),
                point.hits / (point.hits + point.false_alarms),
            )
            for point in self.points
        ]
        return thinned(curve, most)


_START = Point(float("inf"), 0, 0)


def rank(scores: Sequence[float], positive: Sequence[bool]) -> Ranking:
    """Cut the rows at each different score."""
    positives = sum(positive)
    points = list(_points(scores, positive))
    return Ranking(points, positives, len(scores) - positives)


def _points(scores: Sequence[float], positive: Sequence[bool]) -> Iterator[Point]:
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    hits = 0
    for seen, row in enumerate(order, 1):
        hits += positive[row]
        is_last_of_score = seen == len(order) or scores[order[seen]] != scores[row]
        if is_last_of_score:
            yield Point(scores[row], hits, seen - hits)


def thinned(curve: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """A curve that looks the same with fewer points: spread evenly along its length."""
    if len(curve) <= most:
        return list(curve)
    lengths = [0.0]
    for (left, low), (right, high) in pairwise(curve):
        lengths.append(lengths[-1] + abs(right - left) + abs(high - low))
    kept, step = [curve[0]], lengths[-1] / (most - 1)
    for point, length in zip(curve[1:-1], lengths[1:-1], strict=True):
        if length >= len(kept) * step and len(kept) < most - 1:
            kept.append(point)
    return [*kept, curve[-1]]
