"""How a scored table looks in a terminal: what was read, how the predictions are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from windfall_cli.console import plain

_WIDTH = 30


def describe_table(summary: Mapping[str, Any]) -> Text:
    """What was read of a table, and what of it was not sent."""
    line = Text(f"{summary.get('rows', 0):,} rows of {summary.get('columns', 0):,} columns")
    rejected = summary.get("rejected", 0)
    if rejected:
        line.append(f"\n{rejected:,} do not fit the model and stand in rejected.csv:", "yellow")
        for reason in summary.get("reasons", []):
            line.append(f"\n  {plain(reason).plain}", "dim")
    return line


def describe_predictions(document: Mapping[str, Any]) -> RenderableType:
    """The predictions of a table, from its `summary.json`."""
    headline = f"{document['rows']:,} rows by {document['model']} ({document['mode']})"
    parts: list[RenderableType] = [Text(headline)]
    if document["classes"]:
        ordered = sorted(document["classes"].items(), key=lambda item: -item[1])
        parts.append(_bars(ordered, document["rows"]))
    numbers = document.get("numbers")
    if numbers:
        least, mean, most = (f"{numbers[name]:.4g}" for name in ("least", "mean", "most"))
        parts.append(Text(f"from {least} to {most}, {mean} on average", "dim"))
        parts.append(_bars(document["histogram"], max(rows for _, rows in document["histogram"])))
    if document.get("unusable"):
        parts.append(Text(f"{document['unusable']:,} predictions are no numbers", "yellow"))
    return Group(*parts)


def _bars(bars: Any, whole: int) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    for label, rows in bars:
        filled = round(_WIDTH * rows / whole) if whole else 0
        bar = Text.assemble(("█" * filled, "green"), ("░" * (_WIDTH - filled), "dim"))
        table.add_row(plain(label), bar, f"{rows:,}")
    return table
