"""What record_insights is given and answers, and its environment."""

from __future__ import annotations

from typing import Literal

from windfall.contracts.base import Contract
from windfall.contracts.outcome import Outcome
from windfall.contracts.subject import AnalysisSubject
from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of record_insights."""

    results_bucket: str
    insights_table: str
    event_bus: str
    aws_region: str


class RecordRequest(Contract):
    """The input of record_insights.

    Attributes:
        redrives: How often the execution was redriven after it had broken off.
    """

    analysis: AnalysisSubject
    outcomes: list[Outcome]
    redrives: int = 0


class RecordResult(Contract):
    """The answer of record_insights: how many files were recorded, and how the analysis ended."""

    manifests: int
    status: Literal["analyzed", "partial"]
