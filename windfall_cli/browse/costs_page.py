"""What the analyses cost, as a picture and summed as one asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from windfall.clock import utc_now
from windfall.ports.spending import Spent
from windfall.pricing import PriceList
from windfall_cli.browse.library import Library
from windfall_cli.costs import By, entries_of, sums_by, unpriced_in

SPANS = (7, 30, 90, 365)
"""Days back that can be chosen."""
_MOST_SUMS = 200


class Column(NamedTuple):
    """A day of the picture; `height` in percent of the dearest day's."""

    day: str
    dollars: float
    height: float


class CostsPage(NamedTuple):
    """Everything that the template reads; amounts are US dollars by list price."""

    by: str
    days: int
    total: float
    most: float
    sums: Sequence[tuple[str, float]]
    left_off: int
    columns: Sequence[Column]
    unpriced: Sequence[str]
    prices_of: str | None
    region: str

    @property
    def dearest(self) -> Column | None:
        """The day that cost most."""
        return max(self.columns, key=lambda one: one.dollars, default=None)


def make_costs_page(library: Library, by: By, days: int) -> CostsPage:
    """Sum what was paid for in the last so many days."""
    dates = [(utc_now() - timedelta(days=back)).strftime("%Y-%m-%d") for back in range(days)]
    found = library.each(lambda day: entries_of(library.stack, day), dates)
    entries = [entry for day in found for entry in day]
    prices = PriceList.of_region(library.stack.region)
    sums = list(sums_by(entries, by).items())
    return CostsPage(
        by=by.value,
        days=days,
        total=sum(entry.cost for entry in entries),
        most=max((dollars for _, dollars in sums), default=0.0) or 1.0,
        sums=sums[:_MOST_SUMS],
        left_off=max(0, len(sums) - _MOST_SUMS),
        columns=_columns(entries, dates[::-1]),
        unpriced=sorted(unpriced_in(entries)),
        prices_of=prices.date if prices.prices else None,
        region=prices.region,
    )


def _columns(entries: Sequence[Spent], dates: Sequence[str]) -> list[Column]:
    sums = sums_by(entries, By.DAY)
    most = max(sums.values(), default=0.0) or 1.0
    amounts = [(day, sums.get(day, 0.0)) for day in dates]
    return [Column(day, dollars, round(100 * dollars / most, 2)) for day, dollars in amounts]
