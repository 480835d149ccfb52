"""What submit_inference is given, and its environment."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.scoring import TableAnalysis
from windfall.settings import EnvironmentSettings


class SubmitInferenceTask(Contract):
    """One payload of a table, and the token of the task that waits for its scores."""

    token: str = Field(min_length=1)
    analysis: TableAnalysis
    payload: int = Field(ge=1)


class Settings(EnvironmentSettings):
    """The environment of submit_inference."""

    results_bucket: str
    insights_table: str
