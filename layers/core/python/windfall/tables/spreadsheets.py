"""CSV that a person may open in a spreadsheet: no cell of it runs as a formula there.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return is a formula to Excel,
LibreOffice and Google Sheets (https://owasp.org/www-community/attacks/CSV_Injection). An
apostrophe before it makes it a text; numbers are left alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

MEDIA_TYPE = "text/csv; charset=utf-8"
_FORMULA = frozenset("=+-@\t\r\n")
_MAY_BE_FORMULA = re.compile("(?:^|\0)[=+\\-@\t\r\n]")
_PIECE = 1 << 20
LONGEST_CELL = 1 << 20
"""Characters; the standard library's own limit is an eighth of that."""

csv.field_size_limit(LONGEST_CELL)


def guarded(cell: str) -> str:
    """The cell as a spreadsheet may have it."""
    if cell[:1] not in _FORMULA or _is_number(cell):
        return cell
    return f"'{cell}"


def guarded_row(cells: Sequence[str]) -> Sequence[str]:
    """A row as a spreadsheet may have it."""
    # Most rows have nothing that could be a formula: that is seen at one glance.
    if _MAY_BE_FORMULA.search("\0".join(cells)) is None:
        return cells
    return [guarded(cell) for cell in cells]


class CsvPieces:
    """Rows as CSV (UTF-8, lines end with LF), given away in pieces."""

    def __init__(self) -> None:
        self._buffer = io.StringIO(newline="")
        self._plain = csv.writer(self._buffer, lineterminator="\n").writerow
        self._quoted = csv.writer(self._buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow

    def write(self, cells: Sequence[str]) -> None:
        """Add a row."""
        # A lone carriage return is not quoted before Python 3.13, and ends a line to most readers.
        (self._quoted if "\r" in "".join(cells) else self._plain)(cells)

    def take(self) -> bytes:
        """All that was written since it was taken last."""
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.encode()

    def __len__(self) -> int:
        """Characters that wait to be taken."""
        return self._buffer.tell()


def csv_pieces(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Rows as guarded CSV, a megabyte at a time."""
    return guarded_pieces(map(guarded_row, rows))


def guarded_pieces(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Rows that are guarded already as CSV, a megabyte at a time."""
    pieces = CsvPieces()
    for row in rows:
        pieces.write(row)
        if len(pieces) >= _PIECE:
            yield pieces.take()
    if len(pieces):
        yield pieces.take()


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip().replace(",", ".", 1))
    except ValueError:
        return False
    return (
        "_" not in cell and cell[0] in "+-" and cell[1:2].isascii() and cell[1:2] in "0123456789.,"
    )
