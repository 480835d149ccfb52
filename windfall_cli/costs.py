"""What was paid for, summed as one asks: for `windfall cost` and the page of costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from windfall.adapters.dynamodb_spending import DynamoSpending
from windfall.ports.spending import Spent
from windfall_cli.stack import Stack


class By(StrEnum):
    """What costs are summed by."""

    DAY = "day"
    PROFILE = "profile"
    FEATURE = "feature"
    KIND = "kind"
    FILE = "file"


def entries_of(stack: Stack, day: str) -> list[Spent]:
    """What was spent on a day."""
    book = DynamoSpending(stack.output("InsightsTableName"), stack.client("dynamodb"))
    return book.entries(day)


def sums_by(entries: Iterable[Spent], by: By) -> dict[str, float]:
    """US dollars by name: days in their order, everything else dearest first."""
    sums: dict[str, float] = {}
    for entry in entries:
        for name, price in _KEYS[by](entry):
            sums[name] = round(sums.get(name, 0.0) + price, 9)
    ranked = sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    return dict(sorted(sums.items()) if by is By.DAY else ranked)


def unpriced_in(entries: Iterable[Spent]) -> set[str]:
    """The features of which no price is known."""
    return {name for entry in entries for name, price in entry.features.items() if price is None}


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
