"""Counts by two things: the darker a field, the larger its share of its row."""

from __future__ import annotations

from collections.abc import Sequence

from windfall.charts.drawing import FAINT, INK, Drawing

WIDTH = 440.0
_NAMES = 110.0
_DARKEST = (0, 114, 178)


def draw_matrix(
    title: str,
    names: Sequence[str],
    counts: Sequence[Sequence[int]],
    rows: str = "observed",
    columns: str = "predicted",
) -> str:
    """A field for each pair of names; `counts[row][column]`."""
    field = (WIDTH - _NAMES - 16) / max(1, len(names))
    tall = min(field, 90.0) if len(names) < 5 else field
    height = 84 + tall * len(names)
    drawing = Drawing(title, WIDTH, height)
    drawing.text(WIDTH - 16, 44, columns, anchor="end", size=11, colour=FAINT)
    drawing.text(16, 62, rows, size=11, colour=FAINT)
    is_small = field < 34
    for place, name in enumerate(names):
        middle = _NAMES + (place + 0.5) * field
        drawing.text(middle, 62, name, anchor="middle", size=11, most=field - 4)
        base = 70 + (place + 0.5) * tall + 4
        drawing.text(_NAMES - 8, base, name, anchor="end", size=11, most=_NAMES - 24)
        total = sum(counts[place])
        for column, count in enumerate(counts[place]):
            share = count / total if total else 0.0
            left, top = _NAMES + column * field, 70 + place * tall
            hint = f"{rows} {name}, {columns} {names[column]}: {count:,} ({share:.1%})"
            drawing.box(left + 1, top + 1, field - 2, tall - 2, _shade(share), hint)
            if is_small:
                continue
            ink = "#ffffff" if share > 0.55 else INK
            middle = left + field / 2
            lift = 4 if tall > 40 else -4
            drawing.text(
                middle, top + tall / 2 - lift + 4, f"{count:,}", anchor="middle", colour=ink
            )
            if tall > 40:
                drawing.text(
                    middle,
                    top + tall / 2 + 16,
                    f"{share:.0%}",
                    anchor="middle",
                    size=11,
                    colour=ink,
                )
    return drawing.svg()


def _shade(share: float) -> str:
    red, green, blue = (round(255 + (dark - 255) * share) for dark in _DARKEST)
    return f"#{red:02x}{green:02x}{blue:02x}"
