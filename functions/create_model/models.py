"""What create_model is given and what it answers, and its environment."""

from __future__ import annotations

from typing import Any

from windfall.contracts.base import Contract
from windfall.contracts.outcome import Outcome
from windfall.contracts.subject import AnalysisSubject
from windfall.contracts.training import SpecPointer
from windfall.settings import EnvironmentSettings
from windfall.training.jobs import TaskError


class CreateModelTask(Contract):
    """A training that ended, or that was not needed.

    Attributes:
        trained: What the machine caught while it waited for the training.
    """

    analysis: AnalysisSubject
    training: SpecPointer
    trained: TaskError | None = None


class CreatedModel(Contract):
    """The outcome of the training, and what is asked of the model next.

    Attributes:
        created: Whether there is a model.
        transform: CreateTransformJob's fields; null when the model was asked by an earlier attempt.
        processing: CreateProcessingJob's fields for Clarify; null when it is not asked.
    """

    outcomes: list[Outcome]
    created: bool = False
    transform: dict[str, Any] | None = None
    processing: dict[str, Any] | None = None


class Settings(EnvironmentSettings):
    """The environment of create_model; no Clarify where its image is empty."""

    name_prefix: str
    model_role_arn: str
    xgboost_image: str
    scikit_learn_image: str
    clarify_image: str = ""
