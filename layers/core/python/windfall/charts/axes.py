"""Scales: from numbers to places on the sheet, with ticks at round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from windfall.charts.drawing import FAINT, GRID, INK, Drawing

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Axis:
    """What is measured along one side.

    Attributes:
        percent: Whether 0.25 is written as 25 %.
    """

    name: str
    low: float
    high: float
    percent: bool = False

    def ticks(self, most: int = 6) -> list[float]:
        """Round numbers between low and high."""
        span = self.high - self.low
        if not span > 0:
            return [self.low]
        raw = span / (most - 1)
        power = 10 ** math.floor(math.log10(raw))
        step = next(one * power for one in _STEPS if one * power >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]

    def written(self, value: float) -> str:
        """A tick as it is written."""
        if self.percent:
            return f"{value * 100:.4g}%"
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Plane:
    """The part of a sheet that two axes span."""

    x: Axis
    y: Axis
    left: float
    top: float
    width: float
    height: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies on the sheet."""
        return self.across(x), self.up(y)

    def across(self, x: float) -> float:
        """How far from the sheet's left side."""
        span = self.x.high - self.x.low or 1
        return self.left + (x - self.x.low) / span * self.width

    def up(self, y: float) -> float:
        """How far from the sheet's upper side."""
        span = self.y.high - self.y.low or 1
        return self.top + self.height - (y - self.y.low) / span * self.height

    def draw(self, drawing: Drawing) -> None:
        """Draw the grid, the ticks and the names."""
        right, bottom = self.left + self.width, self.top + self.height
        for tick in self.y.ticks():
            place = self.up(tick)
            drawing.line((self.left, place), (right, place), GRID)
            label = self.y.written(tick)
            drawing.text(self.left - 6, place + 4, label, anchor="end", size=11, colour=FAINT)
        for tick in self.x.ticks():
            place = self.across(tick)
            drawing.line((place, self.top), (place, bottom), GRID)
            label = self.x.written(tick)
            drawing.text(place, bottom + 16, label, anchor="middle", size=11, colour=FAINT)
        middle = (self.left + right) / 2
        drawing.text(middle, bottom + 34, self.x.name, anchor="middle", most=self.width)
        height = (self.top + bottom) / 2
        drawing.text(16, height, self.y.name, anchor="middle", turned=True, most=self.height)
        drawing.line((self.left, bottom), (right, bottom), INK)
        drawing.line((self.left, self.top), (self.left, bottom), INK)
