"""Divides a table into rows to learn from and rows to be judged by, and encodes both.

The table is read three times, and never held: which side a row is on is one byte, and the encoding
is learnt from the training rows alone. Each time is a step that is saved, so a table of very many
rows takes several tries of the function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from split_table.dividing import Division, DivisionByGroup, DivisionByLot, divide_by_time
from split_table.learning import ContractLearner
from split_table.payload import csv_pieces
from split_table.progress import Learnt, Progress
from split_table.rows import HELD_OUT, TRAINING, UNUSABLE, FittedRows, LabelledRow, Labels, divide
from split_table.shuffling import rows_to_shuffle, shuffled_columns, shuffled_rows
from split_table.sizes import MOST_SCORES_HELD_OUT, check_held_out, check_size
from windfall.contracts.input_contract import InputContract, Task
from windfall.contracts.table import TableLayout
from windfall.contracts.training import Algorithm, SideCounts, Split, SplitMethod, TrainingSpec
from windfall.errors import InvalidInputError
from windfall.tables.fitting import Feature, Fitting
from windfall.tables.reading import Table, open_table
from windfall.tables.sampling import Reservoir
from windfall.training.files import CONTRACT, DATA, SPLIT, TrainingFiles

if TYPE_CHECKING:
    from windfall.checkpoints import TimeLeft
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.dataset import DatasetAnalysis
    from windfall.ports.storage import ObjectStore

_BATCH = 5_000
_EXPLAINED = 500
"""Held-out rows that Clarify explains: each costs it a hundred predictions."""
_LEAST_HELD_OUT = 20


@dataclass(frozen=True)
class _Held:
    """The held-out rows, but for their features."""

    labels: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TableDivider:
    """Divides one table.

    Attributes:
        spec: What is trained.
        time_left: Of this try.
    """

    store: ObjectStore
    analysis: DatasetAnalysis
    spec: TrainingSpec
    time_left: TimeLeft

    def divide(self) -> Split:
        """Write the training rows, the held-out rows and the contract.

        Raises:
            InvalidInputError: A side of the split would have no row, or lack a class; or the rows
                are too large as features.
            WorkContinuesError: Time runs low; the next try goes on behind the last step.
            TransientError: Try again; the same rows are written to the same places.
        """
        files = TrainingFiles(self.store, self.analysis.output)
        progress = Progress(self.store, self.analysis, self.spec, self.time_left)
        sides, contract = progress.decided() or self._decide(progress)
        learnt = progress.learnt() or self._learn(progress, sides, contract)
        with self._open() as table:
            fitted = self._fitted(table, contract, sides, learnt)
            held, sample = (
                _Held(),
                Reservoir[tuple[int, Sequence[str]]](
                    rows_to_shuffle(shuffled_columns(contract)), self.spec.split.seed
                ),
            )
            held_out = self._write("held_out/held_out.csv", _kept(table, fitted, held, sample))
            sampled = sorted(sample.kept)
            shuffled = shuffled_rows(
                shuffled_columns(contract),
                [cells for _, cells in sampled],
                table.header,
                fitted.fitting,
                self.spec.split.seed,
            )
            self._write("held_out/shuffled.csv", shuffled)
            if self.spec.profile.explain:
                self._write(
                    "explained/explained.csv", _labelled(held, fitted, sampled[:_EXPLAINED])
                )
        split = Split(
            training=learnt.training,
            held_out=held_out,
            labels=files.write(f"{DATA}labels.csv", "".join(held.lines).encode(), "text/csv"),
            contract=files.save(CONTRACT, contract),
            trained_on=learnt.rows,
            held_back=self._counted(Counter(held.labels)),
            shuffled=shuffled_columns(contract),
            sample=[place for place, _ in sampled],
            rejected=fitted.rejected,
            reasons=fitted.reasons,
        )
        files.save(SPLIT, split)
        return split

    def _decide(self, progress: Progress) -> tuple[bytearray, InputContract]:
        """The side of each row, and what is learnt from the training rows."""
        division, column = self._division()
        sides, counts = bytearray(), {side: Counter[str]() for side in (TRAINING, HELD_OUT)}
        with self._open() as table:
            labels = self._labels(table)
            learner = ContractLearner(self.spec, table.header)
            place = None if column is None else table.header.index(column)
            rows = divide(table.rows, labels, division, place)
            while batch := list(islice(rows, _BATCH)):
                sides += bytes(side for _, side in batch)
                learner.add(row.cells for row, side in batch if side == TRAINING)
                for row, side in batch:
                    if side != UNUSABLE:
                        counts[side][labels.target(row.cells) or ""] += 1
        self._check(counts)
        contract = learner.contract()
        learnt = counts[TRAINING].total()
        table_bytes = self.analysis.file.size * learnt / len(sides)
        check_size(contract, learnt, table_bytes, self.spec.profile.volume_gigabytes)
        progress.save_decided(sides, contract)
        return sides, contract

    def _learn(self, progress: Progress, sides: bytearray, contract: InputContract) -> Learnt:
        """Write the training rows."""
        with self._open() as table:
            fitted = self._fitted(table, contract, sides)
            training, rows = self._write_training(table, fitted)
        learnt = Learnt(
            of=progress.of,
            training=training,
            rows=rows,
            rejected=fitted.rejected,
            reasons=fitted.reasons,
        )
        progress.save_learnt(learnt)
        return learnt

    def _division(self) -> tuple[Division, str | None]:
        """Who decides, and the column that it goes by."""
        split, counts, share = self.spec.split, self.spec.counts, self._share()
        match split.method:
            case SplitMethod.GROUP:
                return DivisionByGroup(share, split.seed), split.column
            case SplitMethod.TIME:
                return divide_by_time(self._times(split.column or ""), share), split.column
            case SplitMethod.STRATIFIED:
                return DivisionByLot(counts, share, split.seed), None
        return DivisionByLot({"": self.spec.rows}, share, split.seed), None

    def _share(self) -> float:
        """The share of the rows that is held out: of very many, no more than can be sorted."""
        most = MOST_SCORES_HELD_OUT // max(2, len(self.spec.classes))
        return min(self.spec.split.held_out, most / self.spec.rows)

    def _times(self, column: str) -> Iterator[str]:
        with self._open() as table:
            labels, place = self._labels(table), table.header.index(column)
            for row in table.rows:
                if labels.target(row.cells) is not None:
                    yield row.cells[place]

    def _check(self, counts: dict[int, Counter[str]]) -> None:
        held = counts[HELD_OUT].total()
        if held < _LEAST_HELD_OUT or not counts[TRAINING]:
            raise InvalidInputError(
                f"The split holds out {held:,} rows and leaves {counts[TRAINING].total():,} to"
                f" learn from; at least {_LEAST_HELD_OUT} are needed to judge a model."
            )
        check_held_out(held, len(self.spec.classes))
        missing = [label for label in self.spec.counts if not counts[TRAINING][label]]
        if missing:
            raise InvalidInputError(
                f"The split holds out every row of the class {missing[0]!r}: none is left to learn"
                " from."
            )

    def _open(self) -> AbstractContextManager[Table]:
        analysis = self.analysis
        layout = analysis.layout or TableLayout()
        return open_table(self.store, analysis.source, analysis.file.format, layout)

    def _labels(self, table: Table) -> Labels:
        return Labels(self.spec, table.header, self._decimal)

    @property
    def _decimal(self) -> str:
        return (self.analysis.layout or TableLayout()).decimal

    def _fitted(
        self,
        table: Table,
        contract: InputContract,
        sides: bytearray,
        before: Learnt | None = None,
    ) -> FittedRows:
        fitting = Fitting(contract, table.header, self._decimal)
        rejected, reasons = (before.rejected, list(before.reasons)) if before else (0, [])
        return FittedRows(self._labels(table), fitting, sides, rejected, reasons)

    def _write_training(self, table: Table, fitted: FittedRows) -> tuple[S3Pointer, SideCounts]:
        counts = Counter[str]()

        def labelled() -> Iterator[Sequence[Feature]]:
            if self.spec.profile.algorithm is Algorithm.SCRIPT:
                yield [self.spec.target, *fitted.fitting.names]
            for row, features in fitted.of_side(table.rows, TRAINING):
                counts[row.label] += 1
                yield [row.label, *features]

        pointer = self._write("train/train.csv", labelled())
        return pointer, self._counted(counts)

    def _counted(self, labels: Counter[str]) -> SideCounts:
        rows = labels.total()
        if self.spec.task is Task.REGRESSION:
            return SideCounts(rows=rows)
        counts = {name: labels[str(place)] for place, name in enumerate(self.spec.classes)}
        return SideCounts(rows=rows, counts=counts)

    def _write(self, name: str, rows: Iterator[Sequence[Feature]]) -> S3Pointer:
        output = self.analysis.output
        key = output.prefix + DATA + name
        return self.store.write_pieces(output.bucket, key, csv_pieces(rows), "text/csv")


def _kept(
    table: Table,
    fitted: FittedRows,
    held: _Held,
    sample: Reservoir[tuple[int, Sequence[str]]],
) -> Iterator[Sequence[Feature]]:
    """The held-out rows' features; their labels, and a sample of them, are kept on the way."""
    row: LabelledRow
    for place, (row, features) in enumerate(fitted.of_side(table.rows, HELD_OUT)):
        held.labels.append(row.label)
        held.lines.append(f"{row.number},{row.label}\n")
        sample.add((place, row.cells))
        yield features


def _labelled(
    held: _Held, fitted: FittedRows, sampled: Sequence[tuple[int, Sequence[str]]]
) -> Iterator[Sequence[Feature]]:
    for place, cells in sampled:
        yield [held.labels[place], *fitted.fitting.features(cells)]
