"""Rows of the table, written and read back."""

from __future__ import annotations

import pytest

from windfall.adapters.dynamodb_rows import file_row
from windfall.adapters.dynamodb_values import wire
from windfall.contracts.subject import Kind
from windfall.ports.insights import FileRow

LEAST = FileRow("f" * 40, "inbox", "a.txt", None, "2026-11-23T14:00:00.000Z", "rejected", 1)
MOST = FileRow(
    "f" * 40, "inbox", "a.txt", "v1", "2026-11-23T14:00:00.000Z", "analyzed", 2, Kind.TEXT, "txt"
)


@pytest.mark.parametrize("row", [LEAST, MOST])
def test_a_file_comes_back_as_it_was(row: FileRow) -> None:
    assert file_row(wire(row._asdict())) == row
