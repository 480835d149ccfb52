"""Curves in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windfall.charts.axes import Axis, Plane
from windfall.charts.drawing import COLOURS, FAINT, INK, Drawing, Point

WIDTH, HEIGHT = 440.0, 360.0
_LEGEND = 16.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Points that belong together.

    Attributes:
        dots: Whether the points are shown, each with its hint.
        line: Whether the points are joined.
        hints: What is told of each point.
    """

    name: str
    points: Sequence[Point]
    dots: bool = False
    hints: Sequence[str] = ()
    line: bool = True


def draw_lines(
    title: str,
    x: Axis,
    y: Axis,
    curves: Sequence[Curve],
    reference: tuple[Point, Point] | None = None,
    reference_name: str = "",
) -> str:
    """Curves over two axes, and a dashed line to hold them against."""
    drawing = Drawing(title, WIDTH, HEIGHT)
    named = [curve for curve in curves if curve.name]
    below = _LEGEND * (len(named) + bool(reference_name))
    plane = Plane(x, y, 66, 40, WIDTH - 84, HEIGHT - 92 - below)
    plane.draw(drawing)
    if reference is not None:
        start, end = reference
        drawing.line(plane.at(*start), plane.at(*end), FAINT, 1.5, "5 4")
    for place, curve in enumerate(curves):
        colour = COLOURS[place % len(COLOURS)]
        points = [plane.at(*point) for point in curve.points]
        if curve.line and len(points) > 1:
            drawing.curve(points, colour)
        if curve.dots:
            hints = [*curve.hints, *[""] * len(points)]
            for point, hint in zip(points, hints, strict=False):
                drawing.dot(point, 4 if curve.line else 2, colour, hint)
    _legend(drawing, [curve.name for curve in named], reference_name, HEIGHT - below - 2)
    return drawing.svg()


def _legend(drawing: Drawing, names: Sequence[str], reference: str, top: float) -> None:
    for place, name in enumerate(names):
        base = top + place * _LEGEND
        drawing.line((66, base - 4), (90, base - 4), COLOURS[place % len(COLOURS)], 3)
        drawing.text(98, base, name, size=11, colour=INK, most=WIDTH - 116)
    if reference:
        base = top + len(names) * _LEGEND
        drawing.line((66, base - 4), (90, base - 4), FAINT, 1.5, "5 4")
        drawing.text(98, base, reference, size=11, colour=FAINT, most=WIDTH - 116)
