"""What reconcile_jobs reads from its environment, and what it answers."""

from __future__ import annotations

from windfall.contracts.base import Contract
from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of reconcile_jobs."""

    results_bucket: str
    insights_table: str
    limits_path: str


class Reconciled(Contract):
    """How many overdue jobs were looked after, and what became of them."""

    jobs: dict[str, int]
