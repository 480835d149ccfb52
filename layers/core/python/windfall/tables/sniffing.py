"""What a table's file looks like, from its beginning: encoding, delimiter, the names of columns.

The standard library's `csv.Sniffer` guesses from the frequency of characters, and is wrong for
texts with commas in them; here each delimiter is tried, and the one that cuts every row into the
same number of cells is it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from windfall.contracts.table import TableLayout
from windfall.encodings import decode_text
from windfall.errors import InvalidInputError
from windfall.tables.spreadsheets import LONGEST_CELL

SAMPLE = 256 << 10
"""Bytes that are looked at: a thousand columns with some rows below them."""
_DELIMITERS = ",;\t|"
_EXCEL_HINT = re.compile(r"^sep=(.)\r?\n", re.I)
_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,15},\d{1,15}")
_DECIMAL_POINT = re.compile(r"[+-]?\d{1,15}\.\d{1,15}")
_NUMBER = re.compile(r"\s*[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?\s*")
_LONGEST_NAME = 256

csv.field_size_limit(LONGEST_CELL)


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A table as its beginning shows it."""

    layout: TableLayout
    header: list[str]


def sniff_csv(beginning: bytes, *, whole: bool) -> Sniffed:
    """Find out how a CSV file is to be read.

    Args:
        beginning: Its first `SAMPLE` bytes.
        whole: Whether that is all of it.

    Raises:
        InvalidInputError: It is no table, has no header or no row; the message says which.
    """
    decoded = decode_text(beginning if whole else _until_line_end(beginning))
    if decoded is None:
        raise InvalidInputError("The file is named as a table, but it is no text that can be read.")
    text = decoded.text.removeprefix("\ufeff")
    hint = _EXCEL_HINT.match(text)
    text = text[hint.end() :] if hint else text
    delimiters = hint[1] if hint else _DELIMITERS
    samples = {delimiter: _rows(text, delimiter, whole=whole) for delimiter in delimiters}
    delimiter = max(samples, key=lambda one: _regularity(samples[one]))
    rows = samples[delimiter]
    if not rows:
        raise InvalidInputError("The table is empty: there is no row that names its columns.")
    header = checked_header(rows[0])
    if len(rows) == 1 and whole:
        raise InvalidInputError("The table has a header and no rows below it.")
    layout = TableLayout(
        columns=len(header),
        encoding=decoded.encoding,
        delimiter=delimiter,
        decimal=_decimal(rows[1:], delimiter),
    )
    return Sniffed(layout, header)


def sniff_json_lines(beginning: bytes, *, whole: bool) -> Sniffed:
    """Find out which columns the objects of a JSON Lines file have.

    Raises:
        InvalidInputError: A line is no JSON object, or there is none.
    """
    decoded = decode_text(beginning if whole else _until_line_end(beginning))
    if decoded is None:
        raise InvalidInputError("The file is named as a table, but it is no text that can be read.")
    lines = [line for line in decoded.text.removeprefix("\ufeff").split("\n") if line.strip()]
    header = columns_of([parsed_line(line, number) for number, line in enumerate(lines[:100], 1)])
    if not header:
        raise InvalidInputError("The table is empty: there is no line with a JSON object.")
    return Sniffed(TableLayout(columns=len(header), encoding=decoded.encoding), header)


def checked_header(cells: Sequence[str]) -> list[str]:
    """The names of the columns, without the space around them.

    Raises:
        InvalidInputError: A name is missing, stands twice, or the row is data.
    """
    names = [cell.strip() for cell in cells]
    if all(_NUMBER.fullmatch(name) for name in names):
        raise InvalidInputError("The first row has to name the columns; it holds numbers only.")
    for place, name in enumerate(names, 1):
        if not name:
            raise InvalidInputError(f"Column {place} has no name in the first row.")
        if len(name) > _LONGEST_NAME:
            raise InvalidInputError(f"The name of column {place} is longer than a name can be.")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InvalidInputError(f"Two columns are named {twice[0]!r}.")
    return names


def parsed_line(line: str, number: int) -> dict[str, str]:
    """A line of JSON Lines as cells; numbers keep the digits that they were written with.

    Raises:
        InvalidInputError: It is no JSON object.
    """
    try:
        document = json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"Row {number:,} is no JSON.") from error
    if not isinstance(document, dict):
        raise InvalidInputError(f"Row {number:,} is no JSON object with columns' names.")
    return {name: _cell(value) for name, value in document.items()}


def columns_of(rows: Sequence[dict[str, str]]) -> list[str]:
    """The names of all columns, in the order in which they first come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _until_line_end(beginning: bytes) -> bytes:
    """Without the last line, which may be cut off in the middle of a character."""
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in beginning[:64]:
        return beginning[: len(beginning) // 4 * 4]
    end = max(beginning.rfind(b"\n"), beginning.rfind(b"\r"))
    return beginning[: end + 1] if end > 0 else beginning


def _rows(text: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row
        ]
    except csv.Error:
        return []
    # The last row may be cut off, be it within a quoted cell.
    return rows if whole or len(rows) < 3 else rows[:-1]


def _regularity(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """How many of the rows have the same number of cells, and then how many cells that is."""
    if not rows or len(rows[0]) == 1:
        return (0.0, 0)
    alike = sum(len(row) == len(rows[0]) for row in rows)
    return (alike / len(rows), len(rows[0]))


def _decimal(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    """A comma, where numbers have one and none has a point."""
    if delimiter == ",":
        return "."
    cells = [cell.strip() for row in rows for cell in row]
    commas = any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    return "," if commas and not any(_DECIMAL_POINT.fullmatch(cell) for cell in cells) else "."
