"""`windfall cost`: what was paid for, summed as one asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from windfall.adapters.dynamodb_spending import DynamoSpending
from windfall.ports.spending import Spent
from windfall.pricing import PriceList
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.screenshots import screenshot
from windfall_cli.stack import Stack, open_stack

_BAR = 30
"""Characters of the longest bar."""


class By(StrEnum):
    """What costs are summed by."""

    DAY = "day"
    PROFILE = "profile"
    FEATURE = "feature"
    KIND = "kind"
    FILE = "file"


@command
def cost(
    by: Annotated[By, typer.Option(help="What to sum by.")] = By.DAY,
    days: Annotated[int, typer.Option(help="How many days back.", min=1, max=400)] = 30,
    picture: Annotated[
        Path | None, typer.Option(help="Write the table with its bars, as SVG.", metavar="FILE")
    ] = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the analyses cost by AWS's list prices; here nothing is paid, there it would be."""
    chosen = open_stack(stack)
    entries = list(_entries(chosen, days))
    sums = _sums(entries, _KEYS[by])
    prices = PriceList.of_region(chosen.region)
    if as_json:
        print_json(
            {
                "currency": "USD",
                "prices_of": prices.date if prices.prices else None,
                "by": by.value,
                "total": round(sum(sums.values()), 9),
                "sums": sums,
                "unpriced": sorted(_unpriced(entries)),
                "entries": [asdict(entry) for entry in entries],
            }
        )
        return
    if not entries:
        console.print(f"Nothing was paid for in the last {days} days.")
        return
    table = _table(by, sums)
    console.print(table)
    console.print(f"By list prices of {prices.date}, Region {prices.region}.", style="dim")
    for feature in sorted(_unpriced(entries)):
        console.print(f"No price is known for {feature}: it is not in the sums.", style="yellow")
    if picture is not None:
        picture.write_text(screenshot(table, "windfall cost"), encoding="utf-8")
        console.print(f"Drawn: {plain(str(picture))}")


def _entries(stack: Stack, days: int) -> Iterator[Spent]:
    book = DynamoSpending(stack.output("InsightsTableName"), stack.client("dynamodb"))
    today = datetime.now(UTC).date()
    for back in range(days):
        yield from book.entries((today - timedelta(days=back)).isoformat())


Pairs = Iterator[tuple[str, float]]


def _by_feature(entry: Spent) -> Pairs:
    for feature, price in entry.features.items():
        yield feature, price or 0.0


_KEYS: dict[By, Callable[[Spent], Pairs]] = {
    By.DAY: lambda entry: iter([(entry.day, entry.cost)]),
    By.PROFILE: lambda entry: iter([(entry.profile, entry.cost)]),
    By.FEATURE: _by_feature,
    By.KIND: lambda entry: iter([(entry.kind, entry.cost)]),
    By.FILE: lambda entry: iter([(entry.key, entry.cost)]),
}


def _sums(entries: Iterable[Spent], pairs: Callable[[Spent], Pairs]) -> dict[str, float]:
    """US dollars by name: days in their order, everything else dearest first."""
    sums: dict[str, float] = {}
    for entry in entries:
        for name, price in pairs(entry):
            sums[name] = round(sums.get(name, 0.0) + price, 9)
    ranked = sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    return dict(sorted(sums.items()) if pairs is _KEYS[By.DAY] else ranked)


def _unpriced(entries: Iterable[Spent]) -> set[str]:
    return {name for entry in entries for name, price in entry.features.items() if price is None}


def _table(by: By, sums: dict[str, float]) -> Table:
    table = Table(by.value, "USD", "", box=None, show_footer=True)
    table.columns[0].footer = "total"
    table.columns[1].footer = f"{sum(sums.values()):.4f}"
    table.columns[1].justify = "right"
    most = max(sums.values()) or 1.0
    for name, dollars in sums.items():
        bar = "█" * max(1 if dollars else 0, round(_BAR * dollars / most))
        table.add_row(plain(name), f"{dollars:.4f}", Text(bar, "cyan"))
    return table
