"""The account book in memory, and what is set aside of budgets."""

from __future__ import annotations

from decimal import Decimal

from tests.fakes.hooks import Hook
from windfall.errors import ConflictError
from windfall.ports.spending import Reservation, Spending, Spent, Standing


class FakeBudgets:
    """Dollars that are committed, and of them those that were spent, by period and profile."""

    def __init__(self) -> None:
        self.committed: dict[tuple[str, str], Decimal] = {}
        self.settled: dict[tuple[str, str], Decimal] = {}

    def reserve(self, reservation: Reservation) -> None:
        """Set dollars aside in all periods, or in none."""
        keys = [(room.period, reservation.profile) for room in reservation.rooms]
        for key, room in zip(keys, reservation.rooms, strict=True):
            if room.most is not None and self.committed.get(key, Decimal(0)) > room.most:
                raise ConflictError("There is no room for it.")
        for key in keys:
            self.committed[key] = self.committed.get(key, Decimal(0)) + reservation.dollars

    def settle(self, spent: Spent, known: Spent | None) -> None:
        """What it cost takes the place of what was set aside."""
        cost = Decimal(repr(spent.cost)) - (Decimal(repr(known.cost)) if known else 0)
        reserved = Decimal(0) if known else Decimal(repr(spent.reserved or 0.0))
        for period in spent.periods:
            key = (period, spent.profile)
            self.committed[key] = self.committed.get(key, Decimal(0)) + cost - reserved
            self.settled[key] = self.settled.get(key, Decimal(0)) + cost


class FakeSpending:
    """Entries by analysis and attempt."""

    def __init__(self, budgets: FakeBudgets | None = None, hook: Hook | None = None) -> None:
        self.hook = hook or Hook()
        self.entries: dict[tuple[str, int], Spent] = {}
        self.budgets = budgets or FakeBudgets()
        self.asked = 0

    def record(self, spent: Spent) -> None:
        """Keep an entry, once; one that costs more takes its place."""
        self.hook.before("record")
        key = (spent.analysis_id, spent.attempt)
        known = self.entries.get(key)
        if known is not None and known.cost >= spent.cost:
            return
        self.entries[key] = spent
        if spent.reserved is not None:
            self.budgets.settle(spent, known)

    def total(self, period: str, profile: str) -> float:
        """What the entries of a period add up to."""
        return float(self._total(period, profile))

    def standing(self, period: str, profile: str) -> Standing:
        """What is gone of a budget."""
        self.asked += 1
        key, none = (period, profile), Decimal(0)
        self.hook.before("standing")
        committed = self.budgets.committed.get(key, none)
        settled = self.budgets.settled.get(key, none)
        self.hook.before("standing: total")
        total = self._total(period, profile)
        self.hook.before("standing: again")
        is_steady = self.budgets.settled.get(key, none) == settled
        return Standing(committed, total - settled, is_steady)

    def _total(self, period: str, profile: str) -> Decimal:
        costs = (
            Decimal(repr(spent.cost))
            for spent in self.entries.values()
            if spent.day.startswith(period) and spent.profile == profile
        )
        return sum(costs, Decimal(0))


def as_port(spending: FakeSpending) -> Spending:
    """Type-checked: the fake fulfils the port."""
    return spending
