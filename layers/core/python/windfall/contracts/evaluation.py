"""How good a model is on rows that it never saw, saved as `metrics.json`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.input_contract import Task

Curve = list[tuple[float, float]]


class ClassFigures(Contract):
    """One class.

    Attributes:
        rows: That are of the class; `predicted` is how many were said to be.
        auc: Of its score against all others; null where the model gives no scores.
    """

    label: str
    name: str
    rows: int = Field(ge=0)
    predicted: int = Field(ge=0)
    precision: float
    recall: float
    f1: float
    auc: float | None = None


class CalibrationBin(Contract):
    """Rows with scores close together: their mean score, and the share that is positive."""

    rows: int = Field(ge=1)
    score: float
    positive: float


class Importance(Contract):
    """What is lost of the measure when a column is shuffled among the rows."""

    column: str
    lost: float


class Evaluation(Contract):
    """The figures of one model.

    Attributes:
        figures: By name, as far as the task has them: `accuracy`, `majority` (the accuracy of
            always naming the most frequent class), `balanced_accuracy`, `correlation` (Matthews),
            `auc`, `average_precision`, `brier`, `log_loss`; `rmse`, `mae`, `bias`, `r2`.
        confusion: `confusion[observed][predicted]`, in the order of `classes`.
        threshold: From which score on a row is of the second of two classes.
        roc: False-positive and true-positive rates; `precision_recall` is recall and precision.
        measure: What `importance` is the loss of.
    """

    version: Literal["1"] = "1"
    model: str
    task: Task
    rows: int = Field(ge=1)
    figures: dict[str, float]
    classes: list[ClassFigures] = Field(default_factory=list)
    confusion: list[list[int]] = Field(default_factory=list)
    threshold: float | None = None
    roc: Curve = Field(default_factory=list)
    precision_recall: Curve = Field(default_factory=list)
    calibration: list[CalibrationBin] = Field(default_factory=list)
    measure: Literal["auc", "accuracy", "r2"]
    importance: list[Importance] = Field(default_factory=list)
