"""How numbers are distributed: columns over ranges of equal width, group beside group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from windfall.charts.axes import Axis, Plane
from windfall.charts.drawing import COLOURS, Drawing

WIDTH, HEIGHT = 440.0, 360.0
_LEGEND = 16.0


def draw_histogram(title: str, x: Axis, groups: Mapping[str, Sequence[int]]) -> str:
    """Columns of rows.

    Args:
        title: What is shown.
        x: What is counted, from the first range's beginning to the last one's end.
        groups: By name, the rows in each range; as many ranges in each group.
    """
    drawing = Drawing(title, WIDTH, HEIGHT)
    tallest = max((count for counts in groups.values() for count in counts), default=0)
    below = _LEGEND * len(groups) if len(groups) > 1 else 0
    y = Axis("rows", 0, max(1, tallest))
    plane = Plane(x, y, 66, 40, WIDTH - 84, HEIGHT - 92 - below)
    plane.draw(drawing)
    for number, (name, counts) in enumerate(groups.items()):
        colour = COLOURS[number % len(COLOURS)]
        whole = plane.width / max(1, len(counts))
        width = whole * 0.9 / len(groups)
        for place, count in enumerate(counts):
            left = plane.left + (place + 0.05) * whole + number * width
            top = plane.up(count)
            hint = f"{name}: {count:,}" if name else f"{count:,}"
            drawing.box(left, top, width, plane.top + plane.height - top, colour, hint)
        if below:
            base = HEIGHT - below - 2 + number * _LEGEND
            drawing.box(66, base - 9, 10, 10, colour)
            drawing.text(84, base, name, size=11, most=WIDTH - 100)
    return drawing.svg()
