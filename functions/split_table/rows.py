"""The rows of a table that have a target, each with the side of the split that it is on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from windfall.contracts.input_contract import Task
from windfall.tables.fitting import NO_VALUE, Feature, Fitting, RowProblemError

if TYPE_CHECKING:
    from split_table.dividing import Division
    from windfall.contracts.training import TrainingSpec
    from windfall.tables.reading import Row

TRAINING, HELD_OUT, UNUSABLE = 0, 1, 2
"""The side of a row; one without a target, or broken, is on none."""
_REASONS = 5


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A row that can be learnt from.

    Attributes:
        label: As the model is told it: the class's place, or the number.
    """

    number: int
    cells: Sequence[str]
    label: str


class Labels:
    """Knows the target of a row.

    Args:
        spec: What is trained.
        header: The table's columns.
        decimal: The mark before a fraction.
    """

    def __init__(self, spec: TrainingSpec, header: Sequence[str], decimal: str) -> None:
        self._width = len(header)
        self._place = list(header).index(spec.target)
        self._classes = {label: str(place) for place, label in enumerate(spec.classes)}
        self._is_number = spec.task is Task.REGRESSION
        self._decimal = decimal

    def target(self, cells: Sequence[str]) -> str | None:
        """The cell of the target; None for a broken row, or one without a target."""
        if len(cells) != self._width:
            return None
        text = cells[self._place].strip()
        return None if text in NO_VALUE else text

    def label(self, target: str) -> str | None:
        """What the model is told; None for a class or number that there is not."""
        if not self._is_number:
            return self._classes.get(target)
        text = target.replace(",", ".", 1) if self._decimal == "," else target
        try:
            float(text)
        except ValueError:
            return None
        return text


def divide(
    rows: Iterable[Row], labels: Labels, division: Division, column: int | None
) -> Iterator[tuple[Row, int]]:
    """Each row with its side.

    Args:
        rows: All of the table.
        labels: Knows their targets.
        division: Decides.
        column: The place of the groups or times.
    """
    for row in rows:
        target = labels.target(row.cells)
        if target is None or labels.label(target) is None:
            yield row, UNUSABLE
            continue
        yield row, int(division.holds_out(target, "" if column is None else row.cells[column]))


@dataclass
class FittedRows:
    """The rows of one side as the model is sent them.

    Attributes:
        sides: A byte for each row of the table.
        rejected: Rows that do not fit, as `reasons` says of the first ones.
    """

    labels: Labels
    fitting: Fitting
    sides: bytearray
    rejected: int = 0
    reasons: list[str] = field(default_factory=list)

    def of_side(
        self, rows: Iterable[Row], side: int
    ) -> Iterator[tuple[LabelledRow, list[Feature]]]:
        """Each row of a side with its features."""
        for row in rows:
            if self.sides[row.number - 1] != side:
                continue
            try:
                features = self.fitting.features(row.cells)
            except RowProblemError as error:
                self.rejected += 1
                if len(self.reasons) < _REASONS:
                    self.reasons.append(f"row {row.number:,}: {error}")
                continue
            target = self.labels.target(row.cells) or ""
            label = self.labels.label(target) or ""
            yield LabelledRow(row.number, row.cells, label), features
