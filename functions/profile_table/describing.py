"""A table as its rows go by: the profile of every column, and what is to be warned of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from profile_table.columns import ColumnAccumulator
from profile_table.leaks import MEASURES, Measure, suspects, tell_alone
from windfall.contracts.data_profile import ColumnProfile, DataProfile
from windfall.contracts.input_contract import Task
from windfall.errors import InvalidInputError
from windfall.tables.sampling import Reservoir

if TYPE_CHECKING:
    from windfall.contracts.training import TrainingSpec
    from windfall.tables.reading import Row

_BATCH = 5_000
_SAMPLE = 10_000
"""Rows in which it is measured how much each column tells of the target."""
_MOST_BROKEN = 0.1
"""The share of broken rows beyond which the table is not read as it was meant."""
_MUCH_MISSING = 0.5


class TableDescription:
    """Takes the rows of a table and knows its columns.

    Args:
        header: The names of its columns.
        decimal: The mark before a fraction.
    """

    def __init__(self, header: Sequence[str], decimal: str) -> None:
        self.columns = [ColumnAccumulator(name, decimal) for name in header]
        self.rows = 0
        self._decimal = decimal
        self._broken: list[int] = []
        self._broken_rows = 0
        self._sample: Reservoir[Sequence[str]] = Reservoir(_SAMPLE)

    def add(self, rows: Iterable[Row]) -> None:
        """Take all rows.

        Raises:
            InvalidInputError: Too many of them are broken.
        """
        remaining = iter(rows)
        while batch := list(islice(remaining, _BATCH)):
            whole = list(self._whole(batch))
            for column, cells in zip(self.columns, zip(*whole, strict=True), strict=False):
                column.add(cells)
            for row in whole:
                self._sample.add(row)
            self.rows += len(batch)
        if self._broken_rows > _MOST_BROKEN * self.rows:
            raise InvalidInputError(
                f"{self._broken_rows:,} of {self.rows:,} rows have more or fewer cells than the"
                f" header; the first one is row {self._broken[0]:,}."
            )

    def _whole(self, batch: Sequence[Row]) -> Iterator[Sequence[str]]:
        for row in batch:
            if len(row.cells) == len(self.columns):
                yield row.cells
            else:
                self._broken_rows += 1
                self._broken.append(row.number)
                del self._broken[1:]

    def profile(self, spec: TrainingSpec) -> DataProfile:
        """What is saved of it, once it is known what is trained."""
        measure = MEASURES[spec.task]
        alone = self._alone(spec)
        columns = [
            column.profile().model_copy(update={"alone": alone.get(column.name)})
            for column in self.columns
        ]
        warnings = [
            *self._leaks(spec, alone, measure),
            *_incomplete(columns, self.rows, spec),
            *self._odd(columns),
            *_imbalance(spec),
            *self._rows(),
        ]
        return DataProfile(
            rows=self.rows,
            broken=self._broken_rows,
            columns=columns,
            measure=measure,
            warnings=warnings,
        )

    def _alone(self, spec: TrainingSpec) -> dict[str, float]:
        names = [column.name for column in self.columns]
        target = names.index(spec.target)
        positive = spec.classes[-1] if spec.task is Task.BINARY else ""
        alone = {}
        for place, name in enumerate(names):
            if place == target:
                continue
            rows = self._sample.kept
            told = tell_alone(rows, place, target, spec.task, positive, self._decimal)
            if told is not None:
                alone[name] = round(told, 4)
        return alone

    def _leaks(
        self, spec: TrainingSpec, alone: dict[str, float], measure: Measure
    ) -> Iterator[str]:
        dropped = {one.column for one in spec.left_out}
        for name, why in suspects(alone, measure).items():
            advice = (
                "It is left out."
                if name in dropped
                else "If it is known only afterwards, put it into table.train.drop: as it is, the"
                " model may be useless though its figures shine."
            )
            yield f"{name!r} may leak the target: {why}. {advice}"

    def _odd(self, columns: Sequence[ColumnProfile]) -> Iterator[str]:
        for column, taken in zip(columns, self.columns, strict=True):
            if column.odd:
                yield (
                    f"{column.name!r} holds numbers, but for {column.odd:,} cells (such as"
                    f" {taken.first_odd!r}); those rows are not learnt from."
                )

    def _rows(self) -> Iterator[str]:
        if self._broken_rows:
            yield (
                f"{self._broken_rows:,} rows have more or fewer cells than the header (the first"
                f" one is row {self._broken[0]:,}); they are not learnt from."
            )


def _incomplete(columns: Sequence[ColumnProfile], rows: int, spec: TrainingSpec) -> Iterator[str]:
    learnt = {column.name for column in spec.columns}
    for column in columns:
        if column.name == spec.target and column.missing:
            yield f"{column.missing:,} rows have no target; they are not learnt from."
        elif column.name in learnt and column.missing > _MUCH_MISSING * rows:
            yield f"{column.name!r} has no value in {column.missing / rows:.0%} of the rows."


def _imbalance(spec: TrainingSpec) -> Iterator[str]:
    if not spec.counts:
        return
    label, count = max(spec.counts.items(), key=lambda one: one[1])
    share = count / spec.rows
    if share >= 0.8:
        yield (
            f"{share:.1%} of the rows are {spec.called(label)!r}: always saying so would be right"
            " as often. Look at the figures of the rarer classes."
        )
