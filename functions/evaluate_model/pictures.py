"""The pictures of an evaluation, each by the name of its file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from windfall.charts.axes import Axis
from windfall.charts.bars import Bar, draw_bars
from windfall.charts.histograms import draw_histogram
from windfall.charts.lines import Curve, draw_lines
from windfall.charts.matrices import draw_matrix
from windfall.contracts.input_contract import Task

if TYPE_CHECKING:
    from evaluate_model.held_out import Predictions
    from windfall.contracts.evaluation import Evaluation
    from windfall.contracts.training import TrainingSpec

_DIAGONAL = ((0.0, 0.0), (1.0, 1.0))
_BINS = 20
_MOST_BARS = 20
_MOST_DOTS = 500
MEASURES = {"auc": "AUC", "accuracy": "accuracy", "r2": "R²"}


def draw_pictures(
    spec: TrainingSpec,
    evaluation: Evaluation,
    labels: Sequence[float],
    predictions: Predictions,
) -> dict[str, str]:
    """SVG by name: what the evaluation has figures for."""
    pictures = {}
    names = [one.name for one in evaluation.classes]
    if evaluation.confusion:
        pictures["confusion"] = draw_matrix("Confusion matrix", names, evaluation.confusion)
    if evaluation.roc:
        pictures.update(_curves(evaluation, names[-1]))
    if evaluation.calibration:
        pictures["calibration"] = _calibration(evaluation, names[-1])
        pictures["scores"] = _scores(names, labels, predictions)
    if spec.task is Task.REGRESSION:
        pictures["predicted"] = _amounts(spec.target, labels, predictions.values)
    if evaluation.importance:
        pictures["importance"] = _importance(evaluation)
    return pictures


def _curves(evaluation: Evaluation, positive: str) -> dict[str, str]:
    figures = evaluation.figures
    share = evaluation.classes[-1].rows / evaluation.rows
    area, precision = figures.get("auc", 0), figures.get("average_precision", 0)
    return {
        "roc": draw_lines(
            "ROC curve",
            Axis("false alarms, of all other rows", 0, 1, percent=True),
            Axis(f"found, of all {positive}", 0, 1, percent=True),
            [Curve(f"the model: area {area:.3f}", evaluation.roc)],
            _DIAGONAL,
            "by chance: area 0.5",
        ),
        "precision_recall": draw_lines(
            "Precision and recall",
            Axis(f"recall: found, of all {positive}", 0, 1, percent=True),
            Axis(f"precision: {positive}, of those said to be", 0, 1, percent=True),
            [Curve(f"the model: average precision {precision:.3f}", evaluation.precision_recall)],
            ((0.0, share), (1.0, share)),
            f"by chance: {share:.3f}",
        ),
    }


def _calibration(evaluation: Evaluation, positive: str) -> str:
    bins = evaluation.calibration
    hints = [f"{one.rows:,} rows scored {one.score:.2f}: {one.positive:.1%}" for one in bins]
    points = [(one.score, one.positive) for one in bins]
    return draw_lines(
        "Calibration",
        Axis("score", 0, 1, percent=True),
        Axis(f"came true: {positive}", 0, 1, percent=True),
        [Curve("rows with scores close together", points, dots=True, hints=hints)],
        _DIAGONAL,
        "a score that can be taken at its word",
    )


def _scores(names: Sequence[str], labels: Sequence[float], predictions: Predictions) -> str:
    counts = {name: [0] * _BINS for name in names}
    for label, score in zip(labels, predictions.values, strict=True):
        counts[names[int(label)]][min(_BINS - 1, int(score * _BINS))] += 1
    return draw_histogram("Scores of the held-out rows", Axis("score", 0, 1), counts)


def _amounts(target: str, observed: Sequence[float], predicted: Sequence[float]) -> str:
    low, high = min(*observed, *predicted), max(*observed, *predicted)
    step = max(1, len(observed) // _MOST_DOTS)
    points = list(zip(observed[::step], predicted[::step], strict=True))
    return draw_lines(
        f"{target}: observed and predicted",
        Axis("observed", low, high),
        Axis("predicted", low, high),
        [Curve("held-out rows", points, dots=True, line=False)],
        ((low, low), (high, high)),
        "exactly right",
    )


def _importance(evaluation: Evaluation) -> str:
    shown = evaluation.importance[:_MOST_BARS]
    bars = [Bar(one.column, one.lost, f"{one.lost:.4f}") for one in shown]
    left = len(evaluation.importance) - len(bars)
    more = f" ({left} more columns in metrics.json)" if left else ""
    measure = MEASURES[evaluation.measure]
    return draw_bars("What the model goes by", bars, f"{measure} lost when it is shuffled{more}")
