"""What reconcile_jobs reads from its environment, and what it answers."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, ForeignContract
from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of reconcile_jobs."""

    results_bucket: str
    insights_table: str
    limits_path: str
    machine_arns: str
    """Comma-separated."""
    record_failure_function: str


class ReconcileTask(ForeignContract):
    """The schedule's event, or an operator's who has it look back further.

    Attributes:
        look_back_minutes: How long ago an execution may have broken off. A run comes every five
            minutes: each end is told again by several, should one of them fail.
    """

    look_back_minutes: int = Field(default=20, ge=1, le=11_520)


class Reconciled(Contract):
    """How many overdue jobs were looked after, and what became of them."""

    jobs: dict[str, int]
