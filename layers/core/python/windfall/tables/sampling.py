"""A sample of what goes by, each as likely as any other, without knowing how many will come."""

from __future__ import annotations

import random
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Reservoir(Generic[_Item]):
    """Keeps a sample (Vitter's algorithm R, seeded).

    Args:
        most: How many are kept.
        seed: Equal seeds keep equal ones.
    """

    def __init__(self, most: int, seed: int = 0) -> None:
        self.kept: list[_Item] = []
        self._most = most
        self._seen = 0
        self._random = random.Random(seed)

    def add(self, item: _Item) -> None:
        """Let one go by."""
        self._seen += 1
        if len(self.kept) < self._most:
            self.kept.append(item)
        elif (place := self._random.randrange(self._seen)) < self._most:
            self.kept[place] = item
