"""Horizontal bars, the largest first as a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windfall.charts.drawing import COLOURS, FAINT, GRID, Drawing, text_width

WIDTH = 440.0
_ROW = 22.0
_MOST_NAME = 150.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A name, a value and how the value is written."""

    name: str
    value: float
    written: str


def draw_bars(title: str, bars: Sequence[Bar], note: str = "") -> str:
    """Bars from a common zero; values below it go to the left."""
    height = 44 + _ROW * max(1, len(bars)) + (22 if note else 6)
    drawing = Drawing(title, WIDTH, height)
    names = min(_MOST_NAME, max((text_width(bar.name) for bar in bars), default=0)) + 24
    values = max((text_width(bar.written, 11) for bar in bars), default=0) + 20
    low = min(0.0, *(bar.value for bar in bars)) if bars else 0.0
    high = max(0.0, *(bar.value for bar in bars)) if bars else 0.0
    span = high - low or 1
    width = WIDTH - names - values
    zero = names - low / span * width
    for place, bar in enumerate(bars):
        top = 40 + place * _ROW
        drawing.text(names - 8, top + 14, bar.name, anchor="end", most=_MOST_NAME)
        end = zero + bar.value / span * width
        hint = f"{bar.name}: {bar.written}"
        drawing.box(min(zero, end), top + 3, abs(end - zero), _ROW - 7, COLOURS[0], hint)
        drawing.text(max(zero, end) + 6, top + 14, bar.written, size=11, colour=FAINT)
    drawing.line((zero, 38), (zero, 40 + _ROW * max(1, len(bars))), GRID)
    if note:
        drawing.text(16, height - 10, note, size=11, colour=FAINT, most=WIDTH - 32)
    return drawing.svg()
