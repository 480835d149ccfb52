"""What a job found, in files that are read page by page.

<name>.jsonl           one item a line
<name>.<order>.index   where each item begins, in that order: eight bytes each
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Item = dict[str, Any]
Key = Callable[[Item], Any]

_EACH = array("Q").itemsize


class Results:
    """A list of items.

    Args:
        folder: Where its files lie.
        name: What they are called.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    def write(self, items: Iterable[Item], orders: Mapping[str, Key | None]) -> None:
        """Keep items, to be read in several orders.

        Args:
            items: In their first order.
            orders: What to sort by for each order; None leaves the first.
        """
        starts = array("Q")
        keys: dict[str, list[Any]] = {order: [] for order, key in orders.items() if key}
        with self._items.open("wb") as file:
            for item in items:
                starts.append(file.tell())
                for order, values in keys.items():
                    key = orders[order]
                    values.append(key(item) if key else None)
                file.write(json.dumps(item).encode() + b"\n")
        for order in orders:
            ranked: Iterable[int] = range(len(starts))
            if order in keys:
                ranked = sorted(ranked, key=keys[order].__getitem__)
            self._index(order).write_bytes(array("Q", (starts[n] for n in ranked)).tobytes())

    def page(self, order: str, begin: int, most: int) -> tuple[list[Item], int]:
        """Items of an order from a place on, and how many there are in all."""
        index = self._index(order)
        total = index.stat().st_size // _EACH
        with index.open("rb") as file:
            file.seek(begin * _EACH)
            starts = array("Q", file.read(min(most, max(0, total - begin)) * _EACH))
        with self._items.open("rb") as file:
            items = []
            for start in starts:
                file.seek(start)
                items.append(json.loads(file.readline()))
        return items, total

    @property
    def _items(self) -> Path:
        return self._folder / f"{self._name}.jsonl"

    def _index(self, order: str) -> Path:
        return self._folder / f"{self._name}.{order}.index"
