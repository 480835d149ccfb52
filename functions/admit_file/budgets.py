"""Budgets: what a profile's files may cost, by what they would cost.

What is spent and what is under way is one number of the table, and a file's estimate is added to it
by the transaction that begins its analysis, on the condition that it fits. So a hundred files at
once can not commit more than there is. A profile without a budget costs nothing here.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from windfall.contracts.hold import BudgetName, Hold
from windfall.errors import TransientError
from windfall.ports.spending import Reservation, Room

if TYPE_CHECKING:
    from windfall.contracts.analysis import AnalysisInput
    from windfall.contracts.estimate import Estimate
    from windfall.contracts.profile import BudgetProfile
    from windfall.planning.files import Choice
    from windfall.planning.plans import Plan
    from windfall.ports.spending import Spending, Standing
    from windfall.preflight.inspection import Inspection
    from windfall.preflight.snapshot import Snapshot

_LOOKS = 6
"""How often a budget is looked at before a file is held, while analyses end in between."""
_WORDS: dict[BudgetName, str] = {
    "per_file": "a file",
    "per_day": "a day",
    "per_month": "a month",
}

Estimated = Callable[[], "Estimate"]


class OverBudgetError(Exception):
    """The file does not fit into its profile's budget. Inner to admit_file.

    Args:
        hold: Which budget, and what the file would cost; what was asked for is not in it yet.
        reason: For a person.
    """

    def __init__(self, hold: Hold, reason: str) -> None:
        super().__init__(reason)
        self.hold = hold


class _Limit(NamedTuple):
    """A budget of a day or month."""

    name: BudgetName
    period: str
    dollars: Decimal | None


@dataclass(frozen=True, slots=True)
class Budgets:
    """Decides whether a file's profile can afford it.

    Attributes:
        region: Whose prices hold.
    """

    spending: Spending
    region: str

    def estimated(
        self, choice: Choice, plan: Plan, inspection: Inspection, snapshot: Snapshot
    ) -> Estimated:
        """Estimates a file when it is asked, once."""

        def estimate() -> Estimate:
            # A text is read and a picture looked at, by modules that no other file needs.
            files = importlib.import_module("windfall.estimating.files")
            prices = importlib.import_module("windfall.pricing").PriceList.of_region(self.region)
            found: Estimate = files.Estimator(prices).estimate(
                choice.name, plan, inspection, snapshot
            )
            return found

        return functools.cache(estimate)

    def reserve(
        self,
        budget: BudgetProfile,
        plan: AnalysisInput,
        estimated: Estimated,
        *,
        approved: bool,
    ) -> Reservation | None:
        """What is to be set aside for an analysis; None without a budget for a day or month.

        Args:
            budget: The profile's.
            plan: What is to be begun.
            estimated: Estimates it.
            approved: Somebody wants it whatever it costs.

        Raises:
            OverBudgetError: It does not fit.
            TransientError: It can not be told now.
        """
        limits = [
            _Limit("per_day", plan.received[:10], budget.per_day),
            _Limit("per_month", plan.received[:7], budget.per_month),
        ]
        is_counted = any(limit.dollars is not None for limit in limits)
        if not is_counted and (budget.per_file is None or approved):
            return None
        estimate = estimated()
        cost = _cost(estimate, plan.reused)
        if not approved:
            _check_file(budget.per_file, cost, estimate)
        if not is_counted:
            return None
        rooms = [Room(one.period, None) for one in limits]
        if not approved:
            rooms = [self._room(one, cost, estimate) for one in limits]
        return Reservation(plan.profile, cost, rooms)

    def _room(self, limit: _Limit, cost: Decimal, estimate: Estimate) -> Room:
        if limit.dollars is None:
            return Room(limit.period, None)
        for _ in range(_LOOKS):
            standing = self.spending.standing(limit.period, estimate.profile)
            if standing.total + cost <= limit.dollars:
                return Room(limit.period, limit.dollars - cost - standing.other)
            if standing.is_steady:
                raise _over(limit, cost, standing, estimate)
        raise TransientError("What was spent changes too fast to be compared with the budget.")


def _cost(estimate: Estimate, reused: list[str]) -> Decimal:
    """US dollars of what is not there yet."""
    costs = (feature.cost or 0.0 for feature in estimate.features if feature.feature not in reused)
    return Decimal(repr(round(sum(costs), 9)))


def _check_file(most: Decimal | None, cost: Decimal, estimate: Estimate) -> None:
    if estimate.prices_of is None:
        reason = (
            f"No prices are known for the Region {estimate.region}, so the budget of the profile"
            f" {estimate.profile!r} can not be kept."
        )
        raise OverBudgetError(
            _hold("per_file", most or Decimal(0), Decimal(0), cost, estimate), reason
        )
    if most is not None and cost > most:
        reason = (
            f"It would cost about ${cost:.4f}, and the profile {estimate.profile!r} allows"
            f" ${most} a file."
        )
        raise OverBudgetError(_hold("per_file", most, Decimal(0), cost, estimate), reason)


def _over(limit: _Limit, cost: Decimal, standing: Standing, estimate: Estimate) -> OverBudgetError:
    most = limit.dollars or Decimal(0)
    reason = (
        f"It would cost about ${cost:.4f}; the profile {estimate.profile!r} allows ${most}"
        f" {_WORDS[limit.name]}, of which ${standing.total:.4f} are spent or under way."
    )
    return OverBudgetError(_hold(limit.name, most, standing.total, cost, estimate), reason)


def _hold(
    name: BudgetName, most: Decimal, committed: Decimal, cost: Decimal, estimate: Estimate
) -> Hold:
    return Hold(
        budget=name,
        limit=float(most),
        committed=float(committed),
        cost=float(cost),
        estimate=estimate,
    )
