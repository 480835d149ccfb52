"""A column as its cells go by: what they are, how many are missing, which are frequent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from windfall.contracts.data_profile import ColumnProfile, FrequentValue
from windfall.contracts.input_contract import ColumnType
from windfall.tables.fitting import NO_VALUE

MOST_COUNTED = 10_000
"""Different values that are counted one by one; the memory of a column ends there."""
MOST_CATEGORIES = 200
"""Different values of a column of texts that still are categories; each becomes a feature."""
_FREQUENT = 10
_BOOLEANS = frozenset({"true", "false", "t", "f", "yes", "no", "y", "n"})
_ODD = 0.01
"""The share of cells that are no numbers, up to which a column still is one of numbers."""


class ColumnAccumulator:
    """Takes the cells of one column, batch by batch.

    Args:
        decimal: The mark before a fraction.
    """

    def __init__(self, name: str, decimal: str = ".") -> None:
        self.name = name
        self.missing = 0
        self.counts: Counter[str] | None = Counter()
        self._decimal = decimal
        self._numbers = _Numbers()
        self._odd = 0
        self._first_odd: str | None = None

    def add(self, cells: Sequence[str]) -> None:
        """Take a batch of cells; equal ones are looked at once."""
        if self.counts is None and self._add_numbers(cells):
            return
        for cell, rows in Counter(cells).items():
            text = cell.strip()
            if text in NO_VALUE:
                self.missing += rows
                continue
            self._count(text, rows)
            number = parse_number(text, self._decimal)
            if number is None:
                self._odd += rows
                self._first_odd = self._first_odd or text
            else:
                self._numbers.add(number, rows)

    def _add_numbers(self, cells: Sequence[str]) -> bool:
        """Take them all at once, if each is a plain number or missing: a fifth of the time."""
        given = [cell for cell in cells if cell not in NO_VALUE]
        if self._decimal != "." or "_" in "".join(given):
            return False
        try:
            numbers = list(map(float, given))
        except ValueError:
            return False
        if not all(map(math.isfinite, numbers)):
            return False
        self.missing += len(cells) - len(given)
        self._numbers.add_all(numbers)
        return True

    def _count(self, text: str, rows: int) -> None:
        if self.counts is None:
            return
        self.counts[text] += rows
        if len(self.counts) > MOST_COUNTED:
            self.counts = None

    @property
    def values(self) -> int:
        """Rows with a value."""
        return self._numbers.rows + self._odd

    @property
    def distinct(self) -> int | None:
        """Different values; None when there are too many to be counted."""
        return None if self.counts is None else len(self.counts)

    @property
    def is_numeric(self) -> bool:
        """Whether the cells are numbers, save perhaps for a few mistakes."""
        return self.values > 0 and self._odd <= _ODD * self.values

    @property
    def type(self) -> ColumnType:
        """What the cells are."""
        if self.is_numeric:
            return ColumnType.INTEGER if self._numbers.are_whole else ColumnType.NUMBER
        if self.counts is None or len(self.counts) > MOST_CATEGORIES:
            return ColumnType.TEXT
        if len(self.counts) == 2 and {text.lower() for text in self.counts} <= _BOOLEANS:
            return ColumnType.BOOLEAN
        return ColumnType.CATEGORY

    @property
    def is_running_number(self) -> bool:
        """Whether the cells are whole numbers without a gap, each of them once."""
        numbers = self._numbers
        once = self.counts is None or len(self.counts) == self.values
        spans = numbers.maximum - numbers.minimum + 1 == numbers.rows
        return self.is_numeric and numbers.are_whole and once and spans and numbers.rows > 1

    @property
    def first_odd(self) -> str | None:
        """The first cell that is no number."""
        return self._first_odd

    def profile(self) -> ColumnProfile:
        """The column as it is saved."""
        numbers = self._numbers if self.is_numeric and self._numbers.rows else None
        is_listed = self.counts is not None and len(self.counts) <= MOST_CATEGORIES
        frequent = self.counts.most_common(_FREQUENT) if self.counts and is_listed else []
        return ColumnProfile(
            name=self.name,
            type=self.type,
            missing=self.missing,
            distinct=self.distinct,
            odd=self._odd if self.is_numeric else 0,
            minimum=numbers and numbers.minimum,
            maximum=numbers and numbers.maximum,
            mean=numbers and numbers.mean,
            deviation=numbers and numbers.deviation,
            frequent=[FrequentValue(value=value[:200], rows=rows) for value, rows in frequent],
        )


class _Numbers:
    """The moments of numbers, by Welford's method: exact enough for any order of them."""

    def __init__(self) -> None:
        self.rows = 0
        self.mean = 0.0
        self.minimum, self.maximum = math.inf, -math.inf
        self.are_whole = True
        self._squares = 0.0

    def add(self, number: float, rows: int) -> None:
        self.rows += rows
        step = number - self.mean
        self.mean += step * rows / self.rows
        self._squares += step * (number - self.mean) * rows
        self.minimum, self.maximum = min(self.minimum, number), max(self.maximum, number)
        self.are_whole = self.are_whole and number.is_integer()

    def add_all(self, numbers: Sequence[float]) -> None:
        """Join the moments of a batch (Chan, Golub and LeVeque)."""
        if not numbers:
            return
        rows, mean = len(numbers), math.fsum(numbers) / len(numbers)
        squares = math.fsum((number - mean) ** 2 for number in numbers)
        step, before = mean - self.mean, self.rows
        self.rows += rows
        self.mean += step * rows / self.rows
        self._squares += squares + step * step * before * rows / self.rows
        self.minimum = min(self.minimum, *numbers)
        self.maximum = max(self.maximum, *numbers)
        self.are_whole = self.are_whole and all(map(float.is_integer, numbers))

    @property
    def deviation(self) -> float:
        return math.sqrt(max(0.0, self._squares) / self.rows)


def parse_number(text: str, decimal: str) -> float | None:
    """The number that a cell holds; None if it holds none, as `windfall.tables.fitting` sees it."""
    if decimal == ",":
        text = text.replace(",", ".", 1)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None
