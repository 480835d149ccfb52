"""From a model's values to what stands in `predictions.csv`: prediction, score, scores by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windfall.contracts.input_contract import InputContract, Task
from windfall.errors import InvalidInputError

if TYPE_CHECKING:
    from windfall.tables.answers import Answers

_LABELS = ("predicted_label", "prediction", "label", "class")
_SCORES = ("score", "probability", "predicted_score")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the rows of a payload are.

    Attributes:
        columns: The names of the cells.
        cells: Of each row.
        scores: What the distribution is of, where it is of numbers.
        classes: The prediction of each row, where it is one of few.
    """

    columns: list[str]
    cells: list[list[str]]
    scores: list[float] | None
    classes: list[str] | None


def judge(answers: Answers, model: InputContract | None, threshold: float | None) -> Verdicts:
    """Understand a model's answers.

    Raises:
        InvalidInputError: They are not what the model's contract says.
    """
    width = len(answers.rows[0]) if answers.rows else 1
    if answers.names is not None:
        return _named(answers)
    if width == 1:
        return _single([row[0] for row in answers.rows], model, threshold)
    if model is not None and model.task is Task.BINARY and width == 2:
        return _single([row[1] for row in answers.rows], model, threshold)
    if model is not None and model.task is Task.MULTICLASS:
        return _of_many(answers.rows, model)
    columns = [f"output_{place}" for place in range(1, width + 1)]
    return Verdicts(columns, answers.rows, None, None)


def _named(answers: Answers) -> Verdicts:
    """The model says itself what its values are."""
    names = answers.names or []
    label = next((names.index(name) for name in _LABELS if name in names), None)
    score = next((names.index(name) for name in _SCORES if name in names), None)
    scores = None if score is None else _numbers([row[score] for row in answers.rows])
    classes = None if label is None else [row[label] for row in answers.rows]
    return Verdicts(list(names), answers.rows, scores, classes)


def _single(values: list[str], model: InputContract | None, threshold: float | None) -> Verdicts:
    task = None if model is None else model.task
    classes = [] if model is None else model.classes
    if classes and all(value in classes for value in values):
        return _labels(values)
    numbers = _numbers(values)
    if numbers is None:
        if task is Task.REGRESSION:
            raise InvalidInputError("The model's answers are no numbers, as its contract says.")
        return _labels(values)
    if task is Task.MULTICLASS:
        return _labels([_class_at(classes, number) for number in numbers])
    if task is Task.BINARY or (task is None and threshold is not None):
        names = classes or ["0", "1"]
        line = 0.5 if threshold is None else threshold
        found = ["" if math.isnan(number) else names[number >= line] for number in numbers]
        cells = [list(pair) for pair in zip(found, values, strict=True)]
        return Verdicts(["prediction", "score"], cells, numbers, found)
    return Verdicts(["prediction"], [[value] for value in values], numbers, None)


def _of_many(rows: Sequence[Sequence[str]], model: InputContract) -> Verdicts:
    """Each class's score: the greatest one tells the class."""
    width = len(rows[0])
    classes = model.classes or [str(place) for place in range(width)]
    if len(classes) != width:
        raise InvalidInputError(
            f"The model answers with {width} scores, and its contract names {len(classes)} classes."
        )
    cells, found, best = [], [], []
    for row in rows:
        numbers = _numbers(row)
        if numbers is None:
            raise InvalidInputError("The model's scores are no numbers.")
        place = max(range(width), key=numbers.__getitem__)
        cells.append([classes[place], row[place], *row])
        found.append(classes[place])
        best.append(numbers[place])
    columns = ["prediction", "score", *(f"score_{name}" for name in classes)]
    return Verdicts(columns, cells, best, found)


def _labels(values: list[str]) -> Verdicts:
    return Verdicts(["prediction"], [[value] for value in values], None, values)


def _class_at(classes: Sequence[str], number: float) -> str:
    place = int(number) if math.isfinite(number) else -1
    if not classes:
        return str(place)
    if not 0 <= place < len(classes) or place != number:
        raise InvalidInputError(
            f"The model answers with class {number:g}, and its contract names {len(classes)}."
        )
    return classes[place]


def _numbers(values: Sequence[str]) -> list[float] | None:
    try:
        return [float(value) for value in values]
    except ValueError:
        return None
