"""What `SAGEMAKER_INFERENCE_OUTPUT` selects of a prediction: labels, probabilities, raw scores."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from windfall_local.engines.tables.invocations import RefusedError

_LABELS = ("predicted_label", "labels")
_CHANCES = ("probability", "probabilities")
_RAW = ("raw_score", "raw_scores")
_KNOWN = {
    "reg:squarederror": ("predicted_score",),
    "reg:logistic": ("predicted_score",),
    "reg:gamma": ("predicted_score",),
    "reg:tweedie": ("predicted_score",),
    "binary:logistic": (*_LABELS, *_CHANCES, *_RAW),
    "binary:logitraw": (*_LABELS, *_RAW),
    "binary:hinge": (*_LABELS, *_RAW),
    "multi:softmax": (*_LABELS, *_RAW),
    "multi:softprob": (*_LABELS, *_CHANCES, *_RAW),
}
"""By objective, what can be selected; all else is NaN in the answer, as in AWS's container."""


class Learned(Protocol):
    """What is known of a model."""

    objective: str
    classes: int


class Selection:
    """The selected parts of predictions.

    Args:
        names: `predicted_label,probability`, in the order of the answer.
        model: Whose predictions they are.
    """

    def __init__(self, names: str, model: Learned) -> None:
        self._names = [name for name in names.replace(" ", "").lower().split(",") if name]
        self._model = model

    def encode(self, predictions: Iterator[Any], accept: str, *, is_batch: bool) -> Iterator[bytes]:
        """The answer's body.

        Args:
            predictions: Of some rows each.
            accept: `text/csv`, `application/json` or `application/jsonlines`.
            is_batch: Whether each row ends its line.

        Raises:
            RefusedError: Nothing can be selected for this objective.
        """
        if self._model.objective not in _KNOWN:
            raise RefusedError(
                500,
                f"Objective `{self._model.objective}` unsupported for selectable inference "
                "predictions.",
            )
        rows = (self._select(one) for some in predictions for one in some)
        if accept == "application/json":
            yield json.dumps({"predictions": list(rows)}).encode()
        elif accept == "application/jsonlines":
            for row in rows:
                yield json.dumps(row).encode() + b"\n"
        else:
            yield from self._lines(rows, is_batch)

    def _lines(self, rows: Iterator[dict[str, Any]], is_batch: bool) -> Iterator[bytes]:
        begin = ""
        for row in rows:
            cells = (row[name] for name in self._names)
            yield (begin + ",".join(_cell(cell) for cell in cells)).encode()
            begin = "\n"
        if is_batch:
            yield b"\n"

    def _select(self, prediction: Any) -> dict[str, Any]:
        known = _KNOWN[self._model.objective]
        return {
            name: _PARTS[name](self._model, prediction) if name in known else math.nan
            for name in self._names
        }


def _cell(value: Any) -> str:
    return f'"{value}"' if isinstance(value, list) else str(value)


def _label(model: Learned, prediction: Any) -> Any:
    if model.objective in ("binary:hinge", "multi:softmax"):
        return prediction.item()
    if model.objective == "multi:softprob":
        return int(prediction.argmax())
    return int(prediction > (0.5 if model.objective == "binary:logistic" else 0))


def _labels(model: Learned, _: Any) -> list[int]:
    return list(range(model.classes)) if model.objective.startswith("multi:") else [0, 1]


def _score(model: Learned, prediction: Any) -> float:
    of_classes = model.objective == "multi:softprob"
    return float(prediction.max() if of_classes else prediction)


def _scores(model: Learned, prediction: Any) -> list[float]:
    if model.objective == "multi:softprob":
        return [float(one) for one in prediction]
    return [1.0 - float(prediction), float(prediction)]


_PARTS: dict[str, Callable[[Learned, Any], Any]] = {
    "predicted_label": _label,
    "labels": _labels,
    "probability": _score,
    "probabilities": _scores,
    "raw_score": _score,
    "raw_scores": _scores,
    "predicted_score": _score,
}
