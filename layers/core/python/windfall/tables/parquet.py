"""Parquet's header and rows as texts, by arro3: the Rust implementation of Arrow, in 28 MB.

Each batch goes through Arrow's own CSV writer, so that a cell of any type is the text that a CSV
file would have had. Imported only where there is such a file.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from arro3.io import read_parquet as read_batches
from arro3.io import write_csv

from windfall.errors import InvalidInputError, WindfallError
from windfall.ranges import RangeFile
from windfall.tables.sniffing import checked_header

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from windfall.contracts.base import S3Pointer
    from windfall.ports.storage import ObjectStore

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
_BATCH = 8_192
_BLOCK = 4 << 20
_NESTED = ("List", "LargeList", "FixedSizeList", "Struct", "Map", "Union", "ListView")


def read_parquet(
    store: ObjectStore, pointer: S3Pointer, size: int
) -> tuple[list[str], Iterator[list[str]]]:
    """The names of the columns, and each row's cells.

    Raises:
        InvalidInputError: It is broken, or a column holds lists or structures.
        TransientError: S3 can not answer now.
    """
    file = _RememberingFile(store, pointer, size, _BLOCK)
    check_ends(file, size)
    with _told(file):
        batches = read_batches(io.BufferedReader(file, 1 << 20), batch_size=_BATCH)
    fields = [batches.schema.field(place) for place in range(len(batches.schema))]
    header = checked_header([field.name for field in fields])
    for field in fields:
        kind = str(field.type).rpartition("DataType<")[2]
        if kind.startswith(_NESTED):
            raise InvalidInputError(
                f"Column {field.name!r} holds lists or structures; a cell is one value."
            )
    return header, _rows(file, batches)


def check_ends(stream: Any, size: int) -> None:
    """Look at the first and the last bytes, where every Parquet file says that it is one.

    Raises:
        InvalidInputError: It is cut off, encrypted, or none.
    """
    stream.seek(0)
    beginning = stream.read(4)
    stream.seek(max(0, size - 8))
    ending = stream.read(8)
    if ending[-4:] == ENCRYPTED:
        raise InvalidInputError("The Parquet file is encrypted.")
    length = struct.unpack("<I", ending[:4])[0] if len(ending) == 8 else 0
    if beginning != MAGIC or ending[-4:] != MAGIC or not 0 < length <= size - 12:
        raise InvalidInputError("The Parquet file is broken or cut off.")
    stream.seek(0)


def _rows(file: _RememberingFile, batches: Iterable[Any]) -> Iterator[list[str]]:
    remaining = iter(batches)
    while True:
        with _told(file):
            batch = next(remaining, None)
            if batch is None:
                return
            written = io.BytesIO()
            write_csv(batch, written)
        text = io.StringIO(written.getvalue().decode(), newline="")
        reader = csv.reader(text)
        next(reader)
        yield from reader


class _RememberingFile(RangeFile):
    """Remembers why a read failed: on its way through Rust an error loses its class."""

    error: WindfallError | None = None

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            return super().readinto(buffer)
        except WindfallError as error:
            self.error = error
            raise


@contextmanager
def _told(file: _RememberingFile) -> Iterator[None]:
    """What arro3 raises, in our words; a panic of Rust's is no `Exception` to Python."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if file.error is not None:
            raise file.error from error
        raise InvalidInputError("The Parquet file is broken; it can not be read on.") from error
