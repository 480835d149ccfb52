"""What a model is sent, learnt from the rows that it is trained on and from no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from windfall.contracts.input_contract import (
    ColumnContract,
    ColumnEncoding,
    ColumnType,
    InputContract,
    Task,
)
from windfall.contracts.training import Algorithm, LearntColumn, TrainingSpec
from windfall.tables.fitting import NO_VALUE

_NUMBERS = frozenset({ColumnType.NUMBER, ColumnType.INTEGER})


class ContractLearner:
    """Sees the training rows and knows then which categories there are.

    Args:
        spec: What is trained.
        header: The table's columns.
    """

    def __init__(self, spec: TrainingSpec, header: Sequence[str]) -> None:
        self._spec = spec
        places = {name: place for place, name in enumerate(header)}
        self._columns = [(column, places[column.name]) for column in spec.columns]
        self._seen: dict[str, set[str]] = {column.name: set() for column in spec.columns}

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """See some training rows."""
        cells = list(zip(*rows, strict=True))
        if not cells:
            return
        for column, place in self._columns:
            if column.type is ColumnType.CATEGORY:
                self._seen[column.name].update(cells[place])
            elif not NO_VALUE.isdisjoint(cells[place]):
                self._seen[column.name].add("")

    def contract(self) -> InputContract:
        """What the model will be sent."""
        spec = self._spec
        return InputContract(
            model=spec.name,
            columns=[*map(self._column, spec.columns), *self._derived()],
            target=spec.target,
            task=spec.task,
            classes=spec.classes if spec.task is not Task.REGRESSION else [],
        )

    def _column(self, column: LearntColumn) -> ColumnContract:
        seen = {cell.strip() for cell in self._seen[column.name]}
        is_encoded = (
            column.type is ColumnType.CATEGORY and self._spec.profile.algorithm is Algorithm.XGBOOST
        )
        categories = sorted(seen - NO_VALUE) if is_encoded else []
        return ColumnContract(
            name=column.name,
            # A column of whole numbers may have a fraction in a table of tomorrow.
            type=ColumnType.NUMBER if column.type in _NUMBERS else column.type,
            missing=not NO_VALUE.isdisjoint(seen),
            categories=categories,
            encoding=ColumnEncoding.ONE_HOT if categories else ColumnEncoding.PLAIN,
            unseen=column.type is ColumnType.CATEGORY,
        )

    def _derived(self) -> Iterable[ColumnContract]:
        for one in self._spec.profile.derive:
            yield ColumnContract(
                name=one.name,
                source=one.column,
                type=ColumnType.CATEGORY,
                missing=True,
                categories=one.values,
                encoding=ColumnEncoding.IS_ONE_OF,
                unseen=True,
            )
