"""What publish_model is given and what it answers, and its environment."""

from __future__ import annotations

from windfall.contracts.base import Contract
from windfall.contracts.outcome import Outcome
from windfall.contracts.subject import AnalysisSubject
from windfall.contracts.training import SpecPointer
from windfall.settings import EnvironmentSettings
from windfall.training.jobs import TaskError


class PublishModelTask(Contract):
    """A model that was evaluated, and deployed if its profile says so.

    Attributes:
        deploying: What the machine caught while it was deployed.
    """

    analysis: AnalysisSubject
    training: SpecPointer
    deploying: TaskError | None = None


class PublishedModel(Contract):
    """The outcomes of the deployment and of the registration."""

    outcomes: list[Outcome]


class Settings(EnvironmentSettings):
    """The environment of publish_model."""

    results_bucket: str
    profiles_path: str
    name_prefix: str
    xgboost_image: str
    scikit_learn_image: str
