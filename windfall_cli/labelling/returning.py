"""Labelled rows as rows of a table: what people said, ready to be learnt from."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO

from windfall_cli.errors import CommandError
from windfall_cli.labelling.manifests import Item, attributes_of, label_of


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A row's cells by their columns, and its class."""

    cells: dict[str, str]
    label: str


def labelled_rows(items: Iterable[Item], attribute: str | None, origin: str) -> list[LabelledRow]:
    """The rows of a manifest that have a label; of an item that stands there twice, the last one.

    Raises:
        CommandError: An item is no row, or the attribute is not clear.
    """
    found: dict[str, LabelledRow] = {}
    for item in items:
        name = attribute or _only_attribute(item, origin)
        label = label_of(item, name, origin) if name else None
        if label is not None:
            found[item.identity] = LabelledRow(_cells_of(item, origin), label.name)
    return list(found.values())


def append_rows(
    source: IO[str], target: IO[str], rows: Sequence[LabelledRow], column: str
) -> list[str]:
    """Copy a table and add the rows to it; answers with the columns that no row has.

    Raises:
        CommandError: The table has no such column.
    """
    reader = csv.reader(source)
    header = next(reader, [])
    if column not in header:
        raise CommandError(f"The table has no column {column!r}.", f"It has: {', '.join(header)}")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(reader)
    for row in rows:
        writer.writerow(
            [row.label if name == column else row.cells.get(name, "") for name in header]
        )
    known = {name for row in rows for name in row.cells} | {column}
    return [name for name in header if name not in known]


def _only_attribute(item: Item, origin: str) -> str | None:
    names = attributes_of(item)
    if len(names) > 1:
        raise CommandError(
            f"{origin}, line {item.number}: there are several labels: {', '.join(names)}.",
            "Name one: --attribute NAME",
        )
    return names[0] if names else None


def _cells_of(item: Item, origin: str) -> dict[str, str]:
    try:
        document = json.loads(item.text or "")
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise CommandError(
            f"{origin}, line {item.number}: its source is no row of a table.",
            "Rows are exported by: windfall label export",
        )
    return {
        name: cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
        for name, cell in document.items()
    }
