"""What evaluate_model is given, and its environment."""

from __future__ import annotations

from windfall.contracts.base import Contract
from windfall.contracts.outcome import Outcome
from windfall.contracts.subject import AnalysisSubject
from windfall.contracts.training import SpecPointer
from windfall.settings import EnvironmentSettings
from windfall.training.jobs import TaskError


class EvaluateModelTask(Contract):
    """A model that was asked about the held-out rows.

    Attributes:
        predicting: What the machine caught while the held-out rows were scored.
        explaining: What it caught while Clarify worked.
        explained: Whether Clarify was asked.
    """

    analysis: AnalysisSubject
    training: SpecPointer
    predicting: TaskError | None = None
    explaining: TaskError | None = None
    explained: bool = False


class EvaluatedModel(Contract):
    """The outcomes; `ok` says whether the model can be deployed."""

    outcomes: list[Outcome]
    ok: bool


class Settings(EnvironmentSettings):
    """The environment of evaluate_model."""

    name_prefix: str
