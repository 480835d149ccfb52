"""A trace as a waterfall: in the terminal, as JSON, and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from windfall.charts.drawing import COLOURS, FAINT, GRID, INK, Drawing, text_width
from windfall_cli.console import plain
from windfall_cli.traces import FileTrace, Step, StepKind, folded

_BAR, _SHORT_BAR, _WIDE = 28, 10, 120
"""Characters of the whole trace: in a terminal that is so wide, and in a narrower one."""
_SHORTEST = 0.05
"""Seconds: a state that took less and is made of nothing only chose the way."""
_STYLES = {
    StepKind.ADMISSION: "bold",
    StepKind.EXECUTION: "bold",
    StepKind.FUNCTION: "cyan",
    StepKind.WAIT: "dim",
}
_WIDTH, _ROW, _NAMES, _NOTES = 960.0, 19.0, 300.0, 190.0
"""Of the picture: its width, a line's height, and the room beside the bars."""
_PAID, _WRONG, _CALL, _REST = COLOURS[4], COLOURS[1], COLOURS[5], COLOURS[0]


class Line(NamedTuple):
    """A line of a waterfall.

    Attributes:
        step: None where calls are summed up.
        start: Seconds after the drop; of what is summed up, None.
        took: Seconds; None while it runs, or where nobody told of an end.
    """

    depth: int
    name: str
    step: Step | None
    start: float | None
    took: float | None
    note: str


def lines_of(trace: FileTrace, *, everything: bool = False) -> list[Line]:
    """The waterfall, line by line; without `everything`, calls that tell little are summed up."""
    zero = trace.start
    return [line for step in trace.steps for line in _lines(step, 0, zero, everything=everything)]


def _lines(step: Step, depth: int, zero: float, *, everything: bool) -> Iterator[Line]:
    took = None if step.end is None else step.end - step.start
    is_choice = step.kind is StepKind.STATE and not step.steps and (took or 0) < _SHORTEST
    if is_choice and not everything and step.error is None:
        return
    only = step.steps[0] if len(step.steps) == 1 else None
    if only is not None and (step.kind, only.kind) == (StepKind.STATE, StepKind.FUNCTION):
        # What a state waited for before its function began is seen at the function's calls.
        note = " · ".join(filter(None, [note_of(only), note_of(step)]))
        yield Line(depth, step.name, step, step.start - zero, took, note)
        step = only
    else:
        yield Line(depth, step.name, step, step.start - zero, took, note_of(step))
    shown, others = (step.steps, {}) if everything else folded(step.steps)
    if others:
        name = ", ".join(f"{count} {service}" for service, count in sorted(others.items()))
        yield Line(depth + 1, name, None, None, None, "")
    for name, count in sorted(step.left_out.items()):
        yield Line(depth + 1, f"{count} more {name}", None, None, None, "")
    for part in shown:
        yield from _lines(part, depth + 1, zero, everything=everything)


def note_of(step: Step) -> str:
    """What is to be said of a step: what it cost, what went wrong, what it was for."""
    said = []
    if step.payment is not None:
        paid = step.payment
        cost = "no price" if paid.cost is None else f"${paid.cost:.6f}".rstrip("0").rstrip(".")
        mark, units = "≈ " if paid.shared else "", "unit" if paid.units == 1 else "units"
        said.append(f"{paid.feature}: {mark}{paid.units:g} {units}, {mark}{cost}")
    if step.error is not None:
        said.append(step.error)
    if step.retries:
        said.append(f"{step.retries} retries")
    if step.end is None:
        said.append("not ended")
    if step.kind is StepKind.FUNCTION:
        said += [str(step.annotations[name]) for name in ("feature",) if name in step.annotations]
    return " · ".join(said)


def table_of(trace: FileTrace, width: int, *, everything: bool = False) -> Table:
    """The waterfall for a terminal of so many columns."""
    table = Table("what", "at", "took", "", "", box=None, pad_edge=False)
    table.columns[0].no_wrap, table.columns[0].min_width = True, min(40, width // 3)
    table.columns[1].justify = table.columns[2].justify = "right"
    table.columns[3].no_wrap = True
    bar = _BAR if width >= _WIDE else _SHORT_BAR
    whole = max(trace.end - trace.start, 1e-9)
    for line in lines_of(trace, everything=everything):
        name = plain(" " * line.depth + line.name)
        name.stylize(_STYLES.get(line.step.kind, "") if line.step else "dim")
        table.add_row(
            name,
            "" if line.start is None else f"{line.start:.3f}",
            "" if line.took is None else f"{line.took:.3f}",
            _bar(line, whole, bar),
            Text(line.note, style="red" if line.step and line.step.error else ""),
        )
    return table


def _bar(line: Line, whole: float, most: int) -> Text:
    if line.step is None or line.start is None:
        return Text("")
    left = min(most - 1, int(line.start / whole * most))
    width = max(1, round((line.took or 0) / whole * most))
    colour = "red" if line.step.error else "yellow" if line.step.payment else "blue"
    return Text(" " * left + "━" * min(width, most - left), style=colour)


def document_of(trace: FileTrace) -> dict[str, Any]:
    """The trace for programs: every step, with times and seconds."""
    return {
        "trace_ids": trace.ids,
        "began": _time(trace.start),
        "seconds": round(trace.end - trace.start, 3),
        "limit_exceeded": trace.is_full,
        "cost": round(
            sum(step.payment.cost or 0.0 for step in trace.walk() if step.payment is not None), 9
        ),
        "not_in_the_trace": [{"feature": name, "call": call} for name, call in trace.missing],
        "steps": [_document(step, trace.start) for step in trace.steps],
    }


def _document(step: Step, zero: float) -> dict[str, Any]:
    paid = step.payment
    return {
        "kind": step.kind.value,
        "name": step.name,
        "at": round(step.start - zero, 4),
        "seconds": None if step.end is None else round(step.end - step.start, 4),
        "error": step.error,
        "retries": step.retries,
        "annotations": step.annotations,
        "left_out": step.left_out,
        "paid": None
        if paid is None
        else {
            "feature": paid.feature,
            "units": paid.units,
            "cost": paid.cost,
            "is_share": paid.shared,
        },
        "steps": [_document(part, zero) for part in step.steps],
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def picture_of(trace: FileTrace, title: str, *, everything: bool = False) -> str:
    """The waterfall as SVG."""
    lines = lines_of(trace, everything=everything)
    whole = max(trace.end - trace.start, 1e-9)
    drawing = Drawing(title, _WIDTH, 62 + _ROW * len(lines) + 14)
    width = _WIDTH - _NAMES - _NOTES - 16
    _draw_seconds(drawing, whole, width, 62 + _ROW * len(lines))
    for place, line in enumerate(lines):
        _draw_line(drawing, line, 60 + _ROW * place, width / whole)
    return drawing.svg()


def _draw_seconds(drawing: Drawing, whole: float, width: float, bottom: float) -> None:
    for part in range(5):
        left = _NAMES + part / 4 * width
        drawing.line((left, 50), (left, bottom), GRID)
        drawing.text(left, 46, f"{whole * part / 4:.2f} s", anchor="middle", size=10, colour=FAINT)


def _draw_line(drawing: Drawing, line: Line, top: float, scale: float) -> None:
    indent = 16 + 12 * line.depth
    step = line.step
    bold = step is not None and step.kind in (StepKind.ADMISSION, StepKind.EXECUTION)
    colour = FAINT if step is None or step.kind is StepKind.WAIT else INK
    drawing.text(
        indent, top + 12, line.name, size=11, colour=colour, bold=bold, most=_NAMES - indent - 8
    )
    if step is None or line.start is None:
        return
    left, length = _NAMES + line.start * scale, max(1.5, (line.took or 0) * scale)
    fill = _WRONG if step.error else _PAID if step.payment else _fill(step)
    hint = f"{line.name}: {line.start:.3f} s, took {line.took or 0:.3f} s {line.note}"
    drawing.box(left, top + 4, length, _ROW - 9, fill, hint)
    if line.note:
        room = _WIDTH - 16 - (left + length + 6)
        wide = text_width(line.note, 10)
        if wide <= room:
            drawing.text(left + length + 6, top + 12, line.note, size=10, colour=FAINT)
        else:
            drawing.text(left - 6, top + 12, line.note, anchor="end", size=10, colour=FAINT)


def _fill(step: Step) -> str:
    if step.kind is StepKind.WAIT:
        return GRID
    return _CALL if step.kind is StepKind.CALL else _REST
