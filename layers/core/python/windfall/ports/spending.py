"""What was paid for: one entry for each attempt at an analysis, and totals by day and month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Spent:
    """What one attempt at an analysis cost.

    Attributes:
        day: `2026-11-23`, the day (UTC) on which its file was received.
        cost: US dollars; what has no known price is not in it.
        features: Dollars by feature; None where a price is unknown.
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


class Spending(Protocol):
    """The rows `SPEND#…` of the table of insights."""

    def record(self, spent: Spent) -> None:
        """Keep an entry and add it to its totals; again is harmless.

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
