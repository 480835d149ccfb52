"""Cuts a table into parts: payloads that fit, the rows beside them, and the rows that don't fit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from windfall.tables.fitting import (
    Feature,
    Fitting,
    PlainFitting,
    RowProblemError,
    as_json,
)
from windfall.tables.spreadsheets import CsvPieces, guarded_row

if TYPE_CHECKING:
    from windfall.contracts.input_contract import ContentType
    from windfall.tables.reading import Row

MOST_ROWS = 500_000
"""Rows of a part: the answers to them are held when they are joined, however short the rows are."""
_MOST_REJECTED_CHARACTERS = 8 << 20
"""Rejected rows of one part; a table of nothing but wrong rows must not fill the memory."""
_REASONS = 3
_LONGEST_ROW = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the table.

    Attributes:
        read: How many rows of the table it covers.
        rows: How many of them are sent; the others are rejected.
        reasons: Why the first ones of those are.
    """

    payload: bytes
    beside: bytes
    rejected: bytes
    read: int
    rows: int
    reasons: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Of what is sent."""
        return hashlib.sha256(self.payload).hexdigest()


@dataclass(frozen=True, slots=True)
class Shape:
    """What the parts are made of.

    Attributes:
        kept: The places of the columns that stand beside the predictions.
        most: Bytes of a payload at most.
    """

    fitting: Fitting | PlainFitting
    content_type: ContentType
    with_header: bool
    missing_as: str
    kept: Sequence[int]
    most: int


def cut(rows: Iterable[Row], shape: Shape) -> Iterator[Part]:
    """The parts, one after the other; only one is in memory."""
    part = _Growing(shape)
    for row in rows:
        part.read += 1
        try:
            features = shape.fitting.features(row.cells)
            line = part.line(features)
        except RowProblemError as problem:
            part.reject(row, str(problem))
            if len(part.rejected) >= _MOST_REJECTED_CHARACTERS:
                yield part.done()
                part = _Growing(shape)
            continue
        is_full = part.rows >= MOST_ROWS or part.size + len(line) > shape.most
        if part.rows and is_full:
            part.read -= 1
            yield part.done()
            part = _Growing(shape)
            part.read = 1
        part.add(row, line)
    if part.read:
        yield part.done()


class _Growing:
    """A part that is being made."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._line: Callable[[Sequence[Feature]], bytes] = (
            _CsvLine(shape.missing_as)
            if shape.content_type == "text/csv"
            else _JsonLine(shape.fitting)
        )
        self._payload = bytearray()
        if shape.with_header and shape.content_type == "text/csv":
            self._payload += self._line(shape.fitting.names)
        self._beside = CsvPieces()
        self._beside_done = bytearray()
        self._reasons: list[str] = []
        self.rejected = CsvPieces()
        self.read = 0
        self.rows = 0

    @property
    def size(self) -> int:
        """Bytes of the payload so far."""
        return len(self._payload)

    def line(self, features: Sequence[Feature]) -> bytes:
        """What is sent for a row."""
        line = self._line(features)
        if len(line) > min(_LONGEST_ROW, self._shape.most):
            raise RowProblemError(f"it is {len(line):,} bytes long, more than can be sent")
        return line

    def add(self, row: Row, line: bytes) -> None:
        """Take a row in that is sent."""
        self._payload += line
        self.rows += 1
        kept = [row.cells[place] for place in self._shape.kept]
        self._beside.write([str(row.number), *guarded_row(kept)])
        if len(self._beside) > _LONGEST_ROW:
            self._beside_done += self._beside.take()

    def reject(self, row: Row, reason: str) -> None:
        """Take a row in that is not sent."""
        self.rejected.write([str(row.number), reason, *guarded_row(row.cells)])
        if len(self._reasons) < _REASONS:
            self._reasons.append(f"row {row.number:,}, {reason}")

    def done(self) -> Part:
        """The part."""
        beside = bytes(self._beside_done + self._beside.take())
        rejected = self.rejected.take()
        return Part(bytes(self._payload), beside, rejected, self.read, self.rows, self._reasons)


class _CsvLine:
    """Writes a row as CSV, the missing cells as the model wants them."""

    def __init__(self, missing_as: str) -> None:
        self._missing_as = missing_as
        self._pieces = CsvPieces()

    def __call__(self, features: Sequence[Feature]) -> bytes:
        missing = self._missing_as
        self._pieces.write([missing if one is None else one for one in features])
        return self._pieces.take()


class _JsonLine:
    """Writes a row as an object."""

    def __init__(self, fitting: Fitting | PlainFitting) -> None:
        self._fitting = fitting

    def __call__(self, features: Sequence[Feature]) -> bytes:
        fitting = self._fitting
        return (as_json(fitting.names, fitting.numeric, features) + "\n").encode()
