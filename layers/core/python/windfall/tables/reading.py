"""Header and rows of a table, streamed: memory does not grow with the number of rows.

CSV and JSON Lines are read by the standard library, Parquet by arro3, a batch at a time
(docs/adr/0014-parquet-by-arro3.md). A reader that is opened again passes the first rows over, which
is much faster than working on them.
"""

from __future__ import annotations

import codecs
import csv
import importlib
import io
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, cast

from windfall.errors import InvalidInputError
from windfall.ranges import PieceFile
from windfall.tables.sniffing import checked_header, columns_of, parsed_line

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.table import TableLayout
    from windfall.ports.storage import ObjectStore

CSV, JSON_LINES, PARQUET = "csv", "jsonl", "parquet"
FORMATS = {
    CSV: "text/csv",
    JSON_LINES: "application/jsonl",
    PARQUET: "application/vnd.apache.parquet",
}
"""Formats of tables, and their media types."""
_FIRST_LINES = 100
_BUFFER = 1 << 20
_UTF8 = frozenset({"utf-8", "utf-8-sig"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: From 1; the header is no row.
        cells: One for each column of the header, unless the row is broken.
    """

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is being read, once.

    Attributes:
        etag: Of the object; another one under the same key is another table.
    """

    header: list[str]
    rows: Iterator[Row]
    etag: str


@contextmanager
def open_table(
    store: ObjectStore, source: S3Pointer, file_format: str, layout: TableLayout, skip: int = 0
) -> Iterator[Table]:
    """Read a table from its beginning, or from behind its first `skip` rows.

    Raises:
        InvalidInputError: It is broken; also while the rows are read.
        NotFoundError: It is gone.
        TransientError: The connection broke; also while the rows are read.
    """
    opened = store.open(source)
    with closing(opened):
        head = opened.head
        if file_format == PARQUET:
            opened.close()
            # A library of 28 MB, for this format only.
            parquet = importlib.import_module("windfall.tables.parquet")
            header, cells = parquet.read_parquet(store, head.pointer, head.size)
        else:
            stream = io.BufferedReader(PieceFile(opened.chunks()), _BUFFER)
            text = _text(stream, layout.encoding or "utf-8")
            header, cells = (_csv if file_format == CSV else _json_lines)(text, layout)
        yield Table(header, _numbered(cells, skip), head.etag)


def _numbered(rows: Iterable[list[str]], skip: int) -> Iterator[Row]:
    for number, cells in enumerate(islice(rows, skip, None), skip + 1):
        yield Row(number, cells)


def _text(stream: IO[bytes], encoding: str) -> IO[str]:
    # UTF-8 was told from the file's beginning; a byte far behind it may be of another mind.
    errors = _WESTERN if encoding in _UTF8 else "replace"
    return io.TextIOWrapper(
        stream, "utf-8-sig" if encoding in _UTF8 else encoding, errors, newline=""
    )


def _csv(text: IO[str], layout: TableLayout) -> tuple[list[str], Iterator[list[str]]]:
    first = text.readline()
    lines = text if first.lower().startswith("sep=") else chain([first], text)
    reader = csv.reader(lines, delimiter=layout.delimiter or ",")
    header = checked_header(next((row for row in reader if row), []))
    return header, _csv_rows(reader)


def _csv_rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    number = 0
    try:
        for row in reader:
            if row:  # an empty line is none
                number += 1
                yield row
    except csv.Error as error:
        raise InvalidInputError(
            f"The table can not be read behind row {number:,}: {error} (a quote that is never"
            " closed?)."
        ) from error


def _json_lines(text: IO[str], layout: TableLayout) -> tuple[list[str], Iterator[list[str]]]:
    del layout
    rows = (
        parsed_line(line, number)
        for number, line in enumerate((line for line in text if line.strip()), 1)
    )
    first = list(islice(rows, _FIRST_LINES))
    header = checked_header(columns_of(first))
    return header, ([row.get(name, "") for name in header] for row in chain(first, rows))


def _western(error: UnicodeError) -> tuple[str | bytes, int]:
    """A byte that is no UTF-8 as Windows writes it, else as Latin-1 has it."""
    broken = cast(UnicodeDecodeError, error)
    data = broken.object[broken.start : broken.end]
    try:
        return data.decode("cp1252"), broken.end
    except UnicodeDecodeError:
        return data.decode("latin-1"), broken.end


_WESTERN = "windfall-western"
codecs.register_error(_WESTERN, _western)
