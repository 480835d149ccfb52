"""From predictions and labels to figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from windfall.contracts.evaluation import CalibrationBin, ClassFigures, Evaluation, Importance
from windfall.contracts.input_contract import Task
from windfall.evaluation.amounts import measure_errors
from windfall.evaluation.calibration import brier, calibrate, log_loss
from windfall.evaluation.decisions import Confusion, confuse
from windfall.evaluation.ranking import Ranking, rank

if TYPE_CHECKING:
    from evaluate_model.held_out import Predictions
    from windfall.contracts.training import TrainingSpec

_CURVE_POINTS = 200
_DIGITS = 6


def evaluate(
    spec: TrainingSpec, labels: Sequence[float], predictions: Predictions, threshold: float
) -> Evaluation:
    """All figures but the importance of columns.

    Args:
        spec: What was trained.
        labels: The place of each row's class, or its number.
        predictions: What the model said of the same rows.
        threshold: From which score on a row is of the second of two classes.
    """
    if spec.task is Task.REGRESSION:
        errors = asdict(measure_errors(labels, predictions.values))
        return Evaluation(
            model=spec.name,
            task=spec.task,
            rows=len(labels),
            figures={name: _round(value) for name, value in errors.items() if value is not None},
            measure="r2",
        )
    observed = [int(label) for label in labels]
    confusion = confuse(spec.classes, observed, predictions.decided)
    rankings = _rankings(spec, observed, predictions)
    positive = rankings[-1] if spec.task is Task.BINARY and rankings else None
    return Evaluation(
        model=spec.name,
        task=spec.task,
        rows=len(labels),
        figures={**_decided(confusion), **_scored(spec, observed, predictions, rankings)},
        classes=_classes(spec, confusion, rankings),
        confusion=[list(row) for row in confusion.counts],
        threshold=threshold if positive else None,
        roc=_curve(positive.roc(_CURVE_POINTS)) if positive else [],
        precision_recall=_curve(positive.precision_recall(_CURVE_POINTS)) if positive else [],
        calibration=_calibration(observed, predictions) if positive else [],
        measure="auc" if positive and positive.area() is not None else "accuracy",
    )


def measure_of(evaluation: Evaluation, labels: Sequence[float], predictions: Predictions) -> float:
    """The one figure by which columns are compared."""
    match evaluation.measure:
        case "auc":
            return rank(predictions.values, [label == 1 for label in labels]).area() or 0.0
        case "accuracy":
            pairs = zip(labels, predictions.decided, strict=True)
            return sum(label == said for label, said in pairs) / len(labels)
        case "r2":
            return measure_errors(labels, predictions.values).r2 or 0.0


def importance_of(
    evaluation: Evaluation,
    columns: Sequence[str],
    labels: Sequence[float],
    whole: Predictions,
    shuffled: Predictions,
) -> list[Importance]:
    """What shuffling each column costs, the most costly one first.

    Args:
        evaluation: Says by which figure.
        columns: In the order of the shuffled rows.
        labels: Of the sampled rows.
        whole: What the model said of them as they are.
        shuffled: What it said of them, block by block, with each of the columns shuffled.
    """
    rows, before = len(labels), measure_of(evaluation, labels, whole)
    blocks = [shuffled.between(place * rows, (place + 1) * rows) for place in range(len(columns))]
    lost = [
        Importance(column=column, lost=_round(before - measure_of(evaluation, labels, block)))
        for column, block in zip(columns, blocks, strict=True)
    ]
    return sorted(lost, key=lambda one: -one.lost)


def _rankings(
    spec: TrainingSpec, observed: Sequence[int], predictions: Predictions
) -> list[Ranking]:
    """How each class's scores order the rows; empty where the model gives no scores."""
    if predictions.values:
        second = [place == 1 for place in observed]
        first = [not is_second for is_second in second]
        return [
            rank([-value for value in predictions.values], first),
            rank(predictions.values, second),
        ]
    return [
        rank([row[place] for row in predictions.scores], [one == place for one in observed])
        for place in range(len(spec.classes))
        if predictions.scores
    ]


def _decided(confusion: Confusion) -> dict[str, float]:
    return {
        "accuracy": _round(confusion.accuracy()),
        "majority": _round(confusion.majority()),
        "balanced_accuracy": _round(confusion.balanced_accuracy()),
        "correlation": _round(confusion.correlation()),
    }


def _scored(
    spec: TrainingSpec,
    observed: Sequence[int],
    predictions: Predictions,
    rankings: Sequence[Ranking],
) -> dict[str, float]:
    """What scores tell beyond decisions."""
    found: dict[str, float | None] = {}
    if spec.task is Task.BINARY and rankings:
        found = {"auc": rankings[-1].area(), "average_precision": rankings[-1].average_precision()}
    elif rankings:
        areas = [area for one in rankings if (area := one.area()) is not None]
        found = {"auc": sum(areas) / len(areas) if areas else None}
    chances = _chances(observed, predictions)
    if chances is not None:
        found["log_loss"] = log_loss(chances)
        if predictions.values:
            found["brier"] = brier(predictions.values, [place == 1 for place in observed])
    return {name: _round(value) for name, value in found.items() if value is not None}


def _chances(observed: Sequence[int], predictions: Predictions) -> list[float] | None:
    """The chance that was given to each row's class; None if the scores are no chances."""
    if predictions.values:
        chances = [
            value if place else 1 - value
            for place, value in zip(observed, predictions.values, strict=True)
        ]
    elif predictions.scores:
        chances = [row[place] for place, row in zip(observed, predictions.scores, strict=True)]
    else:
        return None
    return chances if all(0 <= chance <= 1 for chance in chances) else None


def _calibration(observed: Sequence[int], predictions: Predictions) -> list[CalibrationBin]:
    if _chances(observed, predictions) is None:
        return []
    bins = calibrate(predictions.values, [place == 1 for place in observed])
    return [
        CalibrationBin(rows=one.rows, score=_round(one.score), positive=_round(one.positive))
        for one in bins
    ]


def _classes(
    spec: TrainingSpec, confusion: Confusion, rankings: Sequence[Ranking]
) -> list[ClassFigures]:
    areas = [one.area() for one in rankings] or [None] * len(spec.classes)
    return [
        ClassFigures(
            label=label,
            name=spec.called(label),
            rows=confusion.observed(place),
            predicted=confusion.predicted(place),
            precision=_round(confusion.precision(place)),
            recall=_round(confusion.recall(place)),
            f1=_round(confusion.f1(place)),
            auc=None if area is None else _round(area),
        )
        for (place, label), area in zip(enumerate(spec.classes), areas, strict=True)
    ]


def _curve(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(_round(x), _round(y)) for x, y in points]


def _round(value: float) -> float:
    return round(value, _DIGITS)
