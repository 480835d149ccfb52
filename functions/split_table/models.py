"""What split_table is given and what it answers, and its environment."""

from __future__ import annotations

from typing import Any

from windfall.contracts.base import Contract
from windfall.contracts.dataset import DatasetAnalysis
from windfall.contracts.outcome import Outcome
from windfall.contracts.training import SpecPointer
from windfall.settings import EnvironmentSettings


class SplitTableTask(Contract):
    """A table that was profiled."""

    analysis: DatasetAnalysis
    training: SpecPointer


class TableSplit(Contract):
    """The outcome.

    Attributes:
        ok: Whether it goes on.
        request: CreateTrainingJob's fields; null when there is a trained model already.
    """

    outcomes: list[Outcome]
    ok: bool
    request: dict[str, Any] | None = None


class Settings(EnvironmentSettings):
    """The environment of split_table."""

    results_bucket: str
    name_prefix: str
    model_role_arn: str
    xgboost_image: str
    scikit_learn_image: str
    aws_region: str
