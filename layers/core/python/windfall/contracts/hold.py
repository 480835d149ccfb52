"""Why a file waits for somebody's approval, and what it goes on with then."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.estimate import Estimate
from windfall.contracts.subject import Asked

BudgetName = Literal["per_file", "per_day", "per_month"]


class Hold(Contract):
    """A file that would go over its profile's budget; nothing was paid for it.

    Attributes:
        budget: Which of the profile's budgets.
        limit: That budget, in US dollars.
        committed: US dollars that were spent or set aside in its day or month; 0 for `per_file`.
        cost: US dollars that the file would cost: its estimate without what is there already.
        estimate: What it would cost if nothing of it were there.
        asked: What the request asked for, with which the analysis goes on, as with `rerun` and
            `force`.
        before: The status that the file had before, if it has insights from then.
    """

    budget: BudgetName
    limit: float = Field(ge=0)
    committed: float
    cost: float = Field(ge=0)
    estimate: Estimate
    asked: Asked | None = None
    rerun: bool = False
    force: bool = False
    before: str | None = None
