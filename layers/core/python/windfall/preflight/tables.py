"""Tables: what their beginning shows; of Parquet, their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windfall.contracts.table import TableLayout
from windfall.errors import InvalidInputError
from windfall.preflight.inspection import Inspection, TableFormat
from windfall.tables.reading import FORMATS, PARQUET
from windfall.tables.sniffing import SAMPLE, sniff_csv, sniff_json_lines

if TYPE_CHECKING:
    from windfall.contracts.subject import Kind
    from windfall.preflight.snapshot import Snapshot


def inspect_table(snapshot: Snapshot, table_format: TableFormat, kind: Kind) -> Inspection:
    """Look at a table's beginning; of Parquet, at both of its ends.

    Raises:
        InvalidInputError: It is broken, empty, or does not name its columns.
    """
    if table_format == PARQUET:
        _check_parquet(snapshot)
        return Inspection(kind, table_format, FORMATS[table_format], layout=TableLayout())
    beginning = snapshot.beginning(SAMPLE)
    whole = snapshot.size <= len(beginning)
    sniff = sniff_csv if table_format == "csv" else sniff_json_lines
    sniffed = sniff(beginning, whole=whole)
    return Inspection(
        kind,
        table_format,
        FORMATS[table_format],
        layout=sniffed.layout,
        header=tuple(sniffed.header),
    )


def _check_parquet(snapshot: Snapshot) -> None:
    """Whether it is whole; its columns are known once it is read."""
    stream, size = snapshot.stream, snapshot.size
    stream.seek(max(0, size - 8))
    ending = stream.read(8)
    if ending.endswith(b"PARE"):
        raise InvalidInputError("The Parquet file is encrypted.")
    if size < 12 or not ending.endswith(b"PAR1"):
        raise InvalidInputError("The Parquet file is cut off: its end is missing.")
