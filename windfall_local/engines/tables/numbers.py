"""Numbers written as text, as a matrix: CSV without a header, and libsvm."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

MISSING = ("", "nan", "NaN", "NAN")
"""What stands for a missing value."""


class UnreadableNumbersError(ValueError):
    """The text is no table of numbers; the message says where."""


def delimiter_of(text: bytes) -> str:
    """What stands between the values, by the first line; a comma where that does not tell."""
    first = text.lstrip().split(b"\n", 1)[0][:512].decode("utf-8", "replace")
    try:
        found = csv.Sniffer().sniff(first).delimiter
    except csv.Error:
        return ","
    # Digits repeat more regularly than some tables have delimiters.
    return found if not found.isalnum() and found not in ".-+" else ","


def read_csv(text: bytes, delimiter: str = ",", missing: Sequence[str] = MISSING) -> Any:
    """A matrix of float32; what is missing is NaN.

    Args:
        text: Rows of numbers, without a header.
        delimiter: What stands between them.
        missing: What stands for a missing value.

    Raises:
        UnreadableNumbersError: A row has another length than the first, or something is no number.
    """
    first = text.lstrip(b"\r\n").split(b"\n", 1)[0]
    if not first.strip():
        raise UnreadableNumbersError("There are no rows.")
    names = [str(number) for number in range(first.count(delimiter.encode()) + 1)]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text if text.endswith(b"\n") else text + b"\n"),
            arrow_csv.ReadOptions(column_names=names),
            arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.float32()), null_values=list(missing)
            ),
        )
    except pa.ArrowInvalid as error:
        return _read_slowly(text, delimiter, missing, str(error))
    matrix: Any = np.empty((table.num_rows, len(names)), np.float32)
    for number, column in enumerate(table.columns):
        matrix[:, number] = column.to_numpy()
    return matrix


def _read_slowly(text: bytes, delimiter: str, missing: Sequence[str], problem: str) -> Any:
    """Numbers that Arrow does not know as such (`+1`, `1_000`) and Python does."""
    rows = [line.split(delimiter) for line in text.decode("utf-8").splitlines() if line.strip()]
    width = len(rows[0])
    matrix: Any = np.empty((len(rows), width), np.float32)
    for number, row in enumerate(rows):
        if len(row) != width:
            raise UnreadableNumbersError(f"{problem} (row {number + 1})")
        try:
            matrix[number] = [np.nan if cell in missing else float(cell) for cell in row]
        except ValueError as error:
            raise UnreadableNumbersError(f"Row {number + 1}: {error}") from error
    return matrix


def read_libsvm(text: bytes, width: int | None = None) -> tuple[Any, Any]:
    """A sparse matrix and the labels, NaN where a row has none.

    Args:
        text: Rows of `label index:value …`; the label may be missing.
        width: Columns at least.

    Raises:
        UnreadableNumbersError: A row is none.
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - 80 MB that CSV does not need

    values: list[float] = []
    columns: list[int] = []
    starts, labels = [0], []
    for number, line in enumerate(text.decode("utf-8").splitlines(), 1):
        cells = line.split()
        if not cells:
            continue
        label = np.nan
        try:
            if ":" not in cells[0]:
                label = float(cells.pop(0))
            for cell in cells:
                column, _, value = cell.partition(":")
                columns.append(int(column))
                values.append(float(value))
        except ValueError as error:
            raise UnreadableNumbersError(
                f"Row {number} is not in libsvm format: {error}"
            ) from error
        starts.append(len(values))
        labels.append(label)
    if not labels:
        raise UnreadableNumbersError("There are no rows.")
    size = max(max(columns, default=-1) + 1, width or 0)
    matrix = csr_matrix((values, columns, starts), (len(labels), size), np.float32)
    return matrix, np.array(labels, np.float32)


def files_in(folder: Path) -> list[Path]:
    """The data files of a channel, as SageMaker's containers choose them: none that is hidden."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "_"))
    )
