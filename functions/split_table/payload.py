"""Rows as the CSV that a model reads: no header, a missing value as `nan`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windfall.tables.fitting import Feature

MISSING = "nan"
_PIECE = 1 << 20


def csv_pieces(rows: Iterable[Sequence[Feature]]) -> Iterator[bytes]:
    """The rows, a megabyte at a time."""
    buffer = io.StringIO(newline="")
    write = csv.writer(buffer, lineterminator="\n").writerow
    for row in rows:
        write([MISSING if feature is None else feature for feature in row])
        if buffer.tell() >= _PIECE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
