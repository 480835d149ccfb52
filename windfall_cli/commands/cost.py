"""`windfall cost`: what was paid for, summed as one asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table
from rich.text import Text

from windfall.ports.spending import Spent
from windfall.pricing import PriceList
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.costs import By, entries_of, sums_by, unpriced_in
from windfall_cli.screenshots import screenshot
from windfall_cli.stack import Stack, open_stack
from windfall_cli.standing import Standing, standing_endpoints

_BAR = 30
"""Characters of the longest bar."""


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
    entries = [entry for day in _days(days) for entry in entries_of(chosen, day)]
    prices = PriceList.of_region(chosen.region)
    standing, unlisted = _standing(chosen, prices)
    if as_json:
        sums = sums_by(entries, by)
        print_json(
            {
                "currency": "USD",
                "prices_of": prices.date if prices.prices else None,
                "by": by.value,
                "total": round(sum(sums.values()), 9),
                "sums": sums,
                "unpriced": sorted(unpriced_in(entries)),
                "standing": [one._asdict() for one in standing],
                "standing_unknown": unlisted,
                "entries": [asdict(entry) for entry in entries],
            }
        )
        return
    if entries:
        _show(by, entries, prices, picture)
    else:
        console.print(f"Nothing was paid for in the last {days} days.")
    for one in standing:
        console.print(f"Stands, in no sum: {plain(one.name)} ({one.mode}): {plain(one.rate)}.")
    if unlisted is not None:
        console.print(f"Which endpoints stand is not known: {plain(unlisted)}", style="yellow")


def _standing(stack: Stack, prices: PriceList) -> tuple[list[Standing], str | None]:
    """The endpoints that stand, or why they are not known: who counts money need not see them."""
    try:
        own = stack.outputs.get("ScoringEndpointName")
        sagemaker = stack.client("sagemaker")
        return list(standing_endpoints(sagemaker, stack.model_prefix, own, prices)), None
    except (ClientError, BotoCoreError) as error:
        return [], str(error)


def _show(by: By, entries: Sequence[Spent], prices: PriceList, picture: Path | None) -> None:
    table = _table(by, sums_by(entries, by))
    console.print(table)
    console.print(f"By list prices of {prices.date}, Region {prices.region}.", style="dim")
    for feature in sorted(unpriced_in(entries)):
        console.print(f"No price is known for {feature}: it is not in the sums.", style="yellow")
    if picture is not None:
        picture.write_text(screenshot(table, "windfall cost"), encoding="utf-8")
        console.print(f"Drawn: {plain(str(picture))}")


def _days(days: int) -> Iterator[str]:
    today = datetime.now(UTC).date()
    for back in range(days):
        yield (today - timedelta(days=back)).isoformat()


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
