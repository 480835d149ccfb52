"""The evaluation metrics that SageMaker's XGBoost container adds to XGBoost's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost as xgb

_MAXIMIZED = ("auc", "aucpr", "map", "ndcg")
_OWN = {
    "accuracy": ("accuracy_score", None),
    "balanced_accuracy": ("balanced_accuracy_score", None),
    "f1": ("f1_score", "macro"),
    "f1_binary": ("f1_score", "binary"),
    "f1_macro": ("f1_score", "macro"),
    "precision": ("precision_score", "binary"),
    "precision_macro": ("precision_score", "macro"),
    "precision_micro": ("precision_score", "micro"),
    "recall": ("recall_score", "binary"),
    "recall_macro": ("recall_score", "macro"),
    "recall_micro": ("recall_score", "micro"),
    "mse": ("mean_squared_error", None),
    "r2": ("r2_score", None),
}
"""By name, scikit-learn's function and how it averages over classes."""
_OF_NUMBERS = ("mse", "r2")


class OwnMetrics:
    """Metrics beside XGBoost's own, as one `custom_metric`.

    Args:
        names: Of `eval_metric`.
        objective: Tells what the predictions are.

    Attributes:
        native: The names that XGBoost knows itself.
        own: The others.
        maximize: Whether more of the last metric is better.
    """

    def __init__(self, names: list[str], objective: str) -> None:
        self.native = [name for name in names if name not in _OWN]
        self.own = [name for name in names if name in _OWN]
        self._objective = objective
        last = (self.own or self.native or [""])[-1].partition("@")[0]
        self.maximize = last != "mse" if self.own else last in _MAXIMIZED

    def __call__(self, predictions: Any, matrix: xgb.DMatrix) -> list[tuple[str, float]]:
        """Each metric's name and value."""
        true = matrix.get_label()
        said = self._labels(predictions)
        return [
            (name, _score(name)(true, predictions if name in _OF_NUMBERS else said))
            for name in self.own
        ]

    def _labels(self, predictions: Any) -> Any:
        if predictions.ndim == 2:
            return predictions.argmax(axis=1)
        if self._objective == "binary:logitraw":
            return (predictions > 0).astype(int)
        if self._objective.startswith(("binary:", "reg:logistic")):
            return (predictions > 0.5).astype(int)
        return np.round(predictions)


def _score(name: str) -> Callable[[Any, Any], float]:
    from sklearn import metrics  # noqa: PLC0415 - a second, where nobody asks for these

    function, average = _OWN[name]
    more = {"average": average, "zero_division": 0} if average else {}

    def score(true: Any, said: Any) -> float:
        return float(getattr(metrics, function)(true, said, **more))

    return score
