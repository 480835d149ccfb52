"""A table as its page shows it: the picture of its scores, the first rows, a training's report."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from windfall.contracts.manifest import Manifest

BEGINNING = 65_536
"""Bytes of a table that are read."""
_MOST_ROWS, _MOST_COLUMNS = 20, 30
TABLES = ("predictions.csv", "rejected.csv")


class Rows(NamedTuple):
    """The beginning of a table of results."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


class TableView(NamedTuple):
    """Everything that the table's template reads."""

    picture: str | None
    report: str | None
    tables: Sequence[Rows]


def make_table_view(
    manifest: Manifest, beginnings: Mapping[str, bytes], results: Mapping[str, Any]
) -> TableView:
    """The view of a scored table or of one that was learnt from.

    Args:
        manifest: The table's story.
        beginnings: The first bytes of its `TABLES`.
        results: By feature; that of the predictions names their columns.
    """
    names = {file.name for file in manifest.files}
    return TableView(
        picture="distribution.png" if "distribution.png" in names else None,
        report="report.html" if has_report(manifest) else None,
        tables=[
            rows
            for name in TABLES
            if (rows := _rows(name, beginnings.get(name, b""), _first_columns(results)))
        ],
    )


def has_report(manifest: Manifest) -> bool:
    """Whether there is a page that a training wrote; any other page was somebody else's."""
    return manifest.kind == "dataset" and any(one.name == "report.html" for one in manifest.files)


def _first_columns(results: Mapping[str, Any]) -> Sequence[str]:
    """What is looked for first: which row it is, what is predicted of it or wrong with it."""
    predicted = results.get("predictions")
    columns = predicted.get("columns", ()) if isinstance(predicted, Mapping) else ()
    return ("row", "reason", *(str(one) for one in columns))


def _rows(name: str, beginning: bytes, first: Sequence[str]) -> Rows | None:
    lines = beginning.decode(errors="replace")
    if len(beginning) == BEGINNING:
        # The last line is cut.
        lines = lines.rpartition("\n")[0]
    try:
        read = [row for row in csv.reader(io.StringIO(lines)) if row][: _MOST_ROWS + 1]
    except csv.Error:
        return None
    if not read:
        return None
    places = sorted(range(len(read[0])), key=lambda place: read[0][place] not in first)
    header, *rows = [
        [row[place] for place in places[:_MOST_COLUMNS] if place < len(row)] for row in read
    ]
    return Rows(name, header, rows)
