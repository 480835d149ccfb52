"""What a model answered, row by row, in any of the ways in which containers write it.

text/csv            a line a row, with or without a header; or all in one line, as the built-in
                    XGBoost does, be they numbers or lists in brackets
application/jsonlines   a number, list or object a line
application/json        a list; or an object with `predictions`
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from windfall.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Answers:
    """The values of each row.

    Attributes:
        names: What the values are called, where the model says so.
    """

    rows: list[list[str]]
    names: list[str] | None = None


def read_answers(body: bytes, rows: int) -> Answers:
    """The answers to so many rows.

    Raises:
        InvalidInputError: They are not as many, or nothing that can be understood.
    """
    try:
        text = body.decode().strip()
    except UnicodeDecodeError as error:
        raise InvalidInputError("The model answered with bytes that are no text.") from error
    found = _document(text, rows)
    if len(found.rows) != rows:
        raise InvalidInputError(
            f"The model gave {len(found.rows):,} answers to {rows:,} rows; an answer a row is"
            " needed."
        )
    widths = {len(row) for row in found.rows}
    if len(widths) > 1:
        raise InvalidInputError("The model's answers differ in how many values they have.")
    return found


def _document(text: str, rows: int) -> Answers:
    if text.startswith(("{", "[")):
        found = _json(text)
        if found is not None:
            return _of_values(found)
    return _csv(text, rows)


def _json(text: str) -> list[Any] | None:
    """The values in a document, in lines, or in one line with commas; None when it is no JSON."""
    lines = [line for line in text.splitlines() if line.strip()]
    for candidate in (text, f"[{','.join(lines)}]", f"[{text}]"):
        try:
            document = json.loads(candidate, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            # One row's answer is an object, too.
            predictions = document.get("predictions")
            return predictions if isinstance(predictions, list) else [document]
        return list(document)
    return None


def _of_values(values: Sequence[Any]) -> Answers:
    if values and all(isinstance(value, dict) for value in values):
        names = list(values[0])
        if any(list(value) != names for value in values):
            raise InvalidInputError("The model's answers differ in what their values are called.")
        return Answers([[_cell(value[name]) for name in names] for value in values], names)
    if len(values) == 1 and isinstance(values[0], list) and values[0][:1] != []:
        return _of_one_list(values[0])
    return Answers([_cells(value) for value in values])


def _of_one_list(value: list[Any]) -> Answers:
    """A list of lists is a list of rows; a list of values may be one row, or one value a row."""
    if isinstance(value[0], list):
        return Answers([_cells(one) for one in value])
    return Answers([_cells(value)])


def _csv(text: str, rows: int) -> Answers:
    lines = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    if len(lines) == rows + 1 and rows and not any(map(_is_number, lines[0])):
        return Answers(lines[1:], [name.strip() for name in lines[0]])
    if len(lines) == 1 and rows > 1 and len(lines[0]) % rows == 0:
        cells, width = lines[0], len(lines[0]) // rows
        return Answers([cells[place * width : (place + 1) * width] for place in range(rows)])
    return Answers([[cell.strip() for cell in line] for line in lines])


def _cells(value: Any) -> list[str]:
    return [_cell(one) for one in value] if isinstance(value, list) else [_cell(value)]


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
