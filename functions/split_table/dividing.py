"""Which rows are held out: decided row by row, from the table's beginning to its end.

By lot means selection sampling (Knuth's algorithm S): each row is taken with the chance that makes
the number of rows taken come out exactly, whatever has been taken before. Equal seeds take equal
rows.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from windfall.errors import InvalidInputError
from windfall.tables.sampling import Reservoir

MOST_MOMENTS = 1_000_000
"""Times that are held and sorted; a sample of so many finds a share to a twentieth of a percent."""


class Division(Protocol):
    """Says of each row in turn whether it is held out."""

    def holds_out(self, target: str, value: str) -> bool:
        """Whether a row is held out.

        Args:
            target: Its target.
            value: Its cell in the column of groups or times; empty where there is none.
        """
        ...


@dataclass
class _Lot:
    """How many rows of a class are still to come, and how many of them are to be taken."""

    rows: int
    wanted: int

    def draw(self, dice: random.Random) -> bool:
        taken = dice.random() * self.rows < self.wanted
        self.rows -= 1
        self.wanted -= taken
        return taken


@dataclass
class DivisionByLot:
    """Holds out a share of the rows, or of each class's.

    Args:
        counts: The rows of each class; a single entry under "" where there are no classes.
        held_out: The share to hold out.
        seed: The lot.
    """

    counts: Mapping[str, int]
    held_out: float
    seed: int
    _lots: dict[str, _Lot] = field(init=False)
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._lots = {
            label: _Lot(rows, round(rows * self.held_out)) for label, rows in self.counts.items()
        }

    def holds_out(self, target: str, value: str) -> bool:
        """Whether this row of its class is held out."""
        del value
        lot = self._lots.get(target) or self._lots[""]
        return lot.draw(self._dice)


@dataclass(frozen=True)
class DivisionByGroup:
    """Holds out whole groups: about the share of them, by a hash of their names."""

    held_out: float
    seed: int

    def holds_out(self, target: str, value: str) -> bool:
        """Whether the row's group is held out."""
        del target
        digest = hashlib.sha256(f"{self.seed}:{value.strip()}".encode()).digest()
        return int.from_bytes(digest[:8]) < self.held_out * 2**64


@dataclass(frozen=True)
class DivisionByTime:
    """Holds out what came last.

    Attributes:
        since: The first moment that is held out.
    """

    since: float

    def holds_out(self, target: str, value: str) -> bool:
        """Whether the row is that late."""
        del target
        return parse_moment(value) >= self.since


def divide_by_time(
    values: Iterable[str], held_out: float, most: int = MOST_MOMENTS
) -> DivisionByTime:
    """Find the moment from which on rows are held out: about the share of them.

    Args:
        values: The cells with the times.
        held_out: The share to hold out.
        most: How many moments are kept; of more, a sample tells.

    Raises:
        InvalidInputError: A cell is neither a number nor a date, or all are the same.
    """
    sample, earliest = Reservoir[float](most), math.inf
    for moment in map(parse_moment, values):
        earliest = min(earliest, moment)
        sample.add(moment)
    moments = sorted(sample.kept)
    place = min(len(moments) - 1, math.ceil(len(moments) * (1 - held_out)))
    since = moments[place]
    if since == earliest:
        raise InvalidInputError(
            "The table can not be split by time: too many of its rows have the same, earliest time."
        )
    return DivisionByTime(since)


def parse_moment(value: str) -> float:
    """A number, or a date and time as ISO 8601 writes it, as a number that grows with time.

    Raises:
        InvalidInputError: It is neither.
    """
    text = value.strip()
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            f"The table can not be split by time: {text[:40]!r} is neither a number nor a date."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
