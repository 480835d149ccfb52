"""The account book in memory."""

from __future__ import annotations

from windfall.ports.spending import Spending, Spent


class FakeSpending:
    """Entries by analysis and attempt."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, int], Spent] = {}

    def record(self, spent: Spent) -> None:
        """Keep an entry, once."""
        self.entries.setdefault((spent.analysis_id, spent.attempt), spent)

    def total(self, period: str, profile: str) -> float:
        """What the entries of a period add up to."""
        return sum(
            spent.cost
            for spent in self.entries.values()
            if spent.day.startswith(period) and spent.profile == profile
        )


def as_port(spending: FakeSpending) -> Spending:
    """Type-checked: the fake fulfils the port."""
    return spending
