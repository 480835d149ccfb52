"""The held-out rows with what the model said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windfall.contracts.input_contract import Task
from windfall.errors import InvalidInputError

if TYPE_CHECKING:
    from windfall.contracts.training import TrainingSpec
    from windfall.tables.answers import Answers


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said of some rows.

    Attributes:
        values: The predicted numbers; of two classes the score of the second one.
        scores: Of several classes each class's score, if the model gives them.
        decided: The place of the class that was decided for; empty for numbers.
    """

    values: Sequence[float]
    scores: Sequence[Sequence[float]]
    decided: Sequence[int]

    def at(self, places: Sequence[int]) -> Predictions:
        """Those of some rows only."""
        return Predictions(
            [self.values[place] for place in places] if self.values else [],
            [self.scores[place] for place in places] if self.scores else [],
            [self.decided[place] for place in places] if self.decided else [],
        )

    def between(self, start: int, end: int) -> Predictions:
        """Those of the rows from `start` to before `end`."""
        return Predictions(self.values[start:end], self.scores[start:end], self.decided[start:end])


def understand(answers: Answers, spec: TrainingSpec, threshold: float) -> Predictions:
    """What a model's answers say of the classes, or of the number.

    Raises:
        InvalidInputError: They are not of this task.
    """
    width = len(answers.rows[0]) if answers.rows else 1
    try:
        numbers = [[float(cell) for cell in row] for row in answers.rows]
    except ValueError:
        return Predictions([], [], _labels(answers, spec))
    match spec.task:
        case Task.REGRESSION if width == 1:
            return Predictions([row[0] for row in numbers], [], [])
        case Task.BINARY if width <= 2:
            scores = [row[-1] for row in numbers]
            return Predictions(scores, [], [int(score >= threshold) for score in scores])
        case Task.MULTICLASS if width == len(spec.classes):
            return Predictions([], numbers, [row.index(max(row)) for row in numbers])
        case Task.MULTICLASS if width == 1:
            return Predictions([], [], [_place(row[0], spec) for row in numbers])
    raise InvalidInputError(
        f"The model answers a row with {width} numbers, which is no answer to a"
        f" {spec.task.value} task of {len(spec.classes)} classes."
    )


def _labels(answers: Answers, spec: TrainingSpec) -> list[int]:
    """The model may say the class's name."""
    places = {label: place for place, label in enumerate(spec.classes)}
    try:
        return [places[row[0]] for row in answers.rows]
    except KeyError as error:
        raise InvalidInputError(
            f"The model answers with {error.args[0]!r}, which is no class of its target."
        ) from error


def _place(number: float, spec: TrainingSpec) -> int:
    if number != number // 1 or not 0 <= number < len(spec.classes):
        raise InvalidInputError(
            f"The model answers with {number:g}, which is the place of no class."
        )
    return int(number)
