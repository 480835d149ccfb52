"""What deploy_model is given, and its environment."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.subject import AnalysisSubject
from windfall.contracts.training import SpecPointer
from windfall.settings import EnvironmentSettings


class DeployModelTask(Contract):
    """A model to deploy, and the token of the task that waits until it serves."""

    token: str = Field(min_length=1)
    analysis: AnalysisSubject
    training: SpecPointer


class Settings(EnvironmentSettings):
    """The environment of deploy_model."""

    insights_table: str
    results_bucket: str
    name_prefix: str
    jobs_topic_arn: str
