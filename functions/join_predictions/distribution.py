"""How predictions are distributed: counts that can be added up, in a memory that does not grow.

Numbers are counted by their first three digits, so a histogram or a quantile of them is right to
half a percent of the value, and there are at most nine hundred counts for each power of ten.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.errors import InvalidInputError

_MOST_CLASSES = 50
_OTHERS = "(others)"


class Counts(Contract):
    """What was counted in one payload, as it is kept until all are there.

    Attributes:
        columns: What stands beside each row in its predictions.
        rows: How many rows were scored.
        numbers: Rounded values and how many there are of each.
        unusable: Values that are no finite number.
    """

    columns: list[str]
    rows: int
    numbers: list[tuple[float, int]] = Field(default_factory=list)
    total: float = 0
    least: float | None = None
    most: float | None = None
    unusable: int = 0
    classes: dict[str, int] = Field(default_factory=dict)


def count(
    columns: Sequence[str],
    rows: int,
    scores: Sequence[float] | None,
    classes: Sequence[str] | None,
) -> Counts:
    """Count one payload's predictions."""
    finite = [score for score in scores or () if math.isfinite(score)]
    rounded = Counter(float(f"{score:.2e}") for score in finite)
    return Counts(
        columns=list(columns),
        rows=rows,
        numbers=sorted(rounded.items()),
        total=math.fsum(finite),
        least=min(finite, default=None),
        most=max(finite, default=None),
        unusable=len(scores or ()) - len(finite),
        classes=_fewest(Counter(classes or ())),
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """So many rows are from `low` to `high`, or of a class."""

    label: str
    rows: int


class Distribution:
    """All payloads' counts together.

    Raises:
        InvalidInputError: The payloads were not answered alike.
    """

    def __init__(self, parts: Iterable[Counts]) -> None:
        self.columns: list[str] | None = None
        numbers: Counter[float] = Counter()
        classes: Counter[str] = Counter()
        self.rows = self.unusable = 0
        self.total = 0.0
        ends: list[float] = []
        for part in parts:
            if self.columns is None:
                self.columns = part.columns
            elif self.columns != part.columns:
                raise InvalidInputError(
                    "The model's answers differ between the parts of the table."
                )
            self.rows += part.rows
            self.unusable += part.unusable
            self.total += part.total
            numbers.update(dict(part.numbers))
            classes.update(part.classes)
            ends += [end for end in (part.least, part.most) if end is not None]
        self._numbers = sorted(numbers.items())
        self.counted = sum(numbers.values())
        self.classes = _fewest(classes)
        self.least, self.most = min(ends, default=None), max(ends, default=None)

    @property
    def mean(self) -> float | None:
        """The mean of the numbers."""
        return self.total / self.counted if self.counted else None

    def quantile(self, share: float) -> float | None:
        """The number that so great a share of the numbers is not above."""
        passed = 0
        for value, times in self._numbers:
            passed += times
            if passed >= share * self.counted:
                return value
        return None

    def bars(self, most: int = 20) -> list[Bar]:
        """The histogram of the numbers; where there are none, the rows of each class."""
        if self.least is None or self.most is None:
            ordered = sorted(self.classes.items(), key=lambda item: -item[1])
            return [Bar(name, rows) for name, rows in ordered[:most]]
        # Scores are of a class: the picture is of all that a score can be.
        low, high = self.least, self.most
        if self.classes and low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        if low == high:
            return [Bar(f"{low:.4g}", self.counted)]
        heights = [0] * most
        for value, times in self._numbers:
            place = int((value - low) / (high - low) * most)
            heights[min(max(place, 0), most - 1)] += times
        step = (high - low) / most
        return [Bar(f"{low + place * step:.4g}", rows) for place, rows in enumerate(heights)]


def _fewest(classes: Counter[str]) -> dict[str, int]:
    """The most frequent classes; a column of names is not counted name by name."""
    if len(classes) <= _MOST_CLASSES:
        return dict(classes)
    kept = dict(classes.most_common(_MOST_CLASSES))
    kept.pop(_OTHERS, None)
    return {**kept, _OTHERS: sum(classes.values()) - sum(kept.values())}
