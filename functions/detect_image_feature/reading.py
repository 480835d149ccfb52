"""The order in which a reader reads the lines of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_SAME_LINE = 0.5
"""Boxes that share so much of the lower one's height stand side by side."""
_COLUMN_GAP = 0.03
"""Of the picture's width: what parts columns, and not words."""


class _Line(NamedTuple):
    text: str
    left: float
    top: float
    right: float
    bottom: float


def lines_in_order(detections: Sequence[Mapping[str, Any]]) -> list[str]:
    """The LINE detections of DetectText: column by column, each from top to bottom.

    Rekognition answers in rows across the whole picture, which mixes columns. A gap from the top
    to the bottom of a block parts its columns; where there is none, rows part it; what neither
    parts is one row, read from left to right.
    """
    lines = [
        _line(detection["DetectedText"], detection["Geometry"]["BoundingBox"])
        for detection in detections
        if detection["Type"] == "LINE" and detection["DetectedText"].strip()
    ]
    return [line.text for line in _ordered(lines)]


def _line(text: str, box: Mapping[str, float]) -> _Line:
    left, top = box["Left"], box["Top"]
    return _Line(" ".join(text.split()), left, top, left + box["Width"], top + box["Height"])


def _ordered(lines: list[_Line]) -> list[_Line]:
    """XY-cut (Nagy and Seth, 1984), one level of recursion for each cut."""
    if len(lines) < 2:
        return lines
    columns = _columns(lines)
    # A single row of far-apart words is a row of a table, not a page of columns.
    if len(columns) > 1 and len(_rows(lines)) > 1 and _is_page_of_columns(columns):
        return [line for column in columns for line in _ordered(column)]
    blocks = _blocks(lines)
    if len(blocks) > 1:
        return [line for block in blocks for line in _ordered(block)]
    return [line for row in _rows(lines) for line in row]


def _is_page_of_columns(columns: list[list[_Line]]) -> bool:
    """Running text: columns of a few lines that are wide; narrow ones are a table's or a form's."""
    return all(
        len(column) > 2 and sum(line.right - line.left for line in column) / len(column) > 0.2
        for column in columns
    )


def _columns(lines: list[_Line]) -> list[list[_Line]]:
    columns: list[list[_Line]] = []
    right = float("-inf")
    for line in sorted(lines, key=lambda line: line.left):
        if not columns or line.left > right + _COLUMN_GAP:
            columns.append([])
        columns[-1].append(line)
        right = max(right, line.right)
    return columns


def _blocks(lines: list[_Line]) -> list[list[_Line]]:
    """Cut at the widest gap between rows, so that a heading parts from the columns below it."""
    by_top = sorted(lines, key=lambda line: line.top)
    bottom = by_top[0].bottom
    widest, cut = 0.0, 0
    for number, line in enumerate(by_top[1:], 1):
        if line.top - bottom > widest:
            widest, cut = line.top - bottom, number
        bottom = max(bottom, line.bottom)
    return [by_top[:cut], by_top[cut:]] if cut else [lines]


def _rows(lines: list[_Line]) -> list[list[_Line]]:
    rows: list[list[_Line]] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom) / 2):
        if rows and _shares_height(rows[-1][0], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _shares_height(first: _Line, second: _Line) -> bool:
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    height = min(first.bottom - first.top, second.bottom - second.top)
    return shared > _SAME_LINE * height
