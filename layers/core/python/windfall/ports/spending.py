"""What was paid for: one entry for each attempt at an analysis, and totals by day and month.

Where a profile has a budget, an attempt's estimate is set aside by the transaction that begins it,
and given back by the one that keeps its entry: each happens once, whatever is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Spent:
    """What one attempt at an analysis cost.

    Attributes:
        day: `2026-11-23`, the day (UTC) on which its file was received.
        cost: US dollars; what has no known price is not in it.
        features: Dollars by feature; None where a price is unknown.
        reserved: Dollars that were set aside for it; None where there was no budget.
    """

    analysis_id: str
    attempt: int
    day: str
    file_id: str
    key: str
    kind: str
    profile: str
    cost: float
    features: Mapping[str, float | None]
    reserved: float | None = None

    @property
    def periods(self) -> tuple[str, str]:
        """The day and the month that it counts in."""
        return self.day, self.day[:7]


class Standing(NamedTuple):
    """What of a profile's budget is gone in a period, in US dollars.

    Attributes:
        committed: Spent by what was reserved for, or reserved still.
        other: Spent by what nothing was reserved for. It is too high by what ended while it was
            read, never too low.
        is_steady: Nothing ended while it was read.
    """

    committed: Decimal
    other: Decimal
    is_steady: bool

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.committed + self.other


class Room(NamedTuple):
    """A period in which dollars are set aside.

    Attributes:
        most: What may be committed there before, so that it still fits; None for anything.
    """

    period: str
    most: Decimal | None


class Reservation(NamedTuple):
    """US dollars that are set aside of a profile's budget when an attempt begins."""

    profile: str
    dollars: Decimal
    rooms: Sequence[Room]


class Spending(Protocol):
    """The rows `SPEND#…` of the table of insights."""

    def record(self, spent: Spent) -> None:
        """Keep an entry, add it to its totals and give back what was reserved; again is harmless.

        An entry that costs more than the one that is there takes its place: an attempt that broke
        off was redriven, and went on to pay.

        Raises:
            TransientError: The table can not answer now.
        """
        ...

    def total(self, period: str, profile: str) -> float:
        """US dollars that a profile spent on a day (`2026-11-23`) or in a month (`2026-11`).

        Raises:
            TransientError: The table can not answer now.
        """
        ...

    def standing(self, period: str, profile: str) -> Standing:
        """What of a profile's budget is gone in a period.

        Raises:
            TransientError: The table can not answer now.
        """
        ...
