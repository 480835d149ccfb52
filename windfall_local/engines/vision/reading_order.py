"""In which order a person reads the lines of a page: column by column, each from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence

from windfall_local.engines.vision.results import Box

GUTTER = 1.2
"""A column's gap is at least this many line heights wide."""
MIN_COLUMN = 3
"""Fewer lines side by side are a row of a form, not a column."""


def reading_order(boxes: Sequence[Box], aspect: float = 1.0) -> list[int]:
    """The indices of lines in the order in which they are read.

    The page is cut, again and again, where a straight gap runs through it: first across, between
    paragraphs, then down, between columns. What has no such gap is read in rows.

    Args:
        boxes: Of the lines, as ratios of the picture.
        aspect: Width of the picture by its height, so that gaps compare.
    """
    scaled = [Box(box.left * aspect, box.top, box.width * aspect, box.height) for box in boxes]
    return _order(scaled, list(range(len(boxes))))


def _order(boxes: list[Box], lines: list[int]) -> list[int]:
    if len(lines) <= 1:
        return lines
    height = sorted(boxes[line].height for line in lines)[len(lines) // 2]
    columns = _split(lines, {i: _across(boxes[i]) for i in lines}, GUTTER * height)
    if len(columns) > 1 and min(len(column) for column in columns) >= MIN_COLUMN:
        return [line for column in columns for line in _order(boxes, column)]
    bands = _split(lines, {i: _down(boxes[i]) for i in lines}, 0.0)
    if len(bands) > 1:
        # A heading above columns hides their gap: look below and above the widest one alone.
        return _join_bands(boxes, bands, height)
    return _rows(boxes, lines)


def _join_bands(boxes: list[Box], bands: list[list[int]], height: float) -> list[int]:
    """Bands that are columns only together are read together."""
    ordered: list[int] = []
    group: list[int] = []
    for band in bands:
        together = [*group, *band]
        spans = {i: _across(boxes[i]) for i in together}
        if group and len(_split(together, spans, GUTTER * height)) < 2:
            ordered += _group(boxes, group, height)
            group = []
        group = [*group, *band]
    return ordered + _group(boxes, group, height)


def _group(boxes: list[Box], lines: list[int], height: float) -> list[int]:
    columns = _split(lines, {i: _across(boxes[i]) for i in lines}, GUTTER * height)
    if len(columns) > 1 and min(len(column) for column in columns) >= MIN_COLUMN:
        return [line for column in columns for line in _order(boxes, column)]
    bands = _split(lines, {i: _down(boxes[i]) for i in lines}, 0.0)
    return [line for band in bands for line in _rows(boxes, band)]


def _across(box: Box) -> tuple[float, float]:
    return box.left, box.left + box.width


def _down(box: Box) -> tuple[float, float]:
    # A little less than the line's height: lines of tilted pages overlap.
    return box.top + 0.2 * box.height, box.top + 0.8 * box.height


def _split(lines: list[int], spans: dict[int, tuple[float, float]], gap: float) -> list[list[int]]:
    """Groups of lines between which a gap of at least that size runs through."""
    groups: list[list[int]] = []
    reach = float("-inf")
    for line in sorted(lines, key=lambda one: (spans[one], one)):
        start, end = spans[line]
        if not groups or start - reach > gap:
            groups.append([])
        groups[-1].append(line)
        reach = max(reach, end)
    return groups


def _rows(boxes: list[Box], lines: list[int]) -> list[int]:
    rows: list[list[int]] = []
    for line in sorted(lines, key=lambda i: (boxes[i].top + boxes[i].height / 2, i)):
        middle = boxes[line].top + boxes[line].height / 2
        last = boxes[rows[-1][-1]] if rows else None
        if last and last.top + 0.2 * last.height <= middle <= last.top + 0.8 * last.height:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda i: (boxes[i].left, i))]
