"""Rows come as they stand in the file, whatever its format, and from where one left off."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

import pytest
from arro3.core import Array, DataType, Table, fixed_size_list_array
from arro3.io import write_parquet

from tests.fakes.hooks import Hook
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.table import TableLayout
from windfall.errors import InvalidInputError, TransientError
from windfall.tables.reading import Row, open_table
from windfall.tables.sniffing import sniff_csv, sniff_json_lines

NOTED = 'name,note\r\nAda,"a ""first""\r\nsecond line"\r\n\r\nBöb,\r\n'


def read(body: bytes, file_format: str, skip: int = 0) -> tuple[list[str], list[Row]]:
    store = FakeObjectStore()
    pointer = store.drop("inbox", f"t.{file_format}", body)
    layout = TableLayout()
    if file_format == "csv":
        layout = sniff_csv(body, whole=True).layout
    elif file_format == "jsonl":
        layout = sniff_json_lines(body, whole=True).layout
    with open_table(store, pointer, file_format, layout, skip) as table:
        return table.header, list(table.rows)


def cells(body: bytes, file_format: str = "csv") -> list[list[str]]:
    return [row.cells for row in read(body, file_format)[1]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_quotes_line_ends_and_letters_survive_in_every_encoding(encoding: str) -> None:
    assert cells(NOTED.encode(encoding)) == [["Ada", 'a "first"\r\nsecond line'], ["Böb", ""]]


def test_a_western_byte_far_behind_the_beginning_is_read_as_windows_writes_it() -> None:
    body = b"name,n\n" + b"plain,1\n" * 40_000 + b"Caf\xe9 \x80,2\n"
    store = FakeObjectStore()
    pointer = store.drop("inbox", "t.csv", body)
    with open_table(store, pointer, "csv", TableLayout(encoding="utf-8", delimiter=",")) as table:
        *_, last = table.rows
    assert last == Row(40_001, ["Café €", "2"])


def test_old_line_ends_and_a_hint_of_excels_are_no_rows() -> None:
    assert cells(b"sep=;\na;b\r1;2\r3;4\r") == [["1", "2"], ["3", "4"]]


def test_rows_are_numbered_and_go_on_behind_those_that_are_skipped() -> None:
    body = b"a,b\n" + b"".join(b"%d,x\n" % number for number in range(1, 50))
    assert read(body, "csv", skip=30)[1] == read(body, "csv")[1][30:]
    assert read(body, "csv", skip=30)[1][0] == Row(31, ["31", "x"])


def test_a_quote_that_is_never_closed_says_behind_which_row() -> None:
    body = b"a,b\n1,2\n" + b'3,"4\n' + b"5,6\n" * 400_000
    layout = TableLayout(encoding="utf-8", delimiter=",")
    store = FakeObjectStore()
    pointer = store.drop("inbox", "t.csv", body)
    with (
        open_table(store, pointer, "csv", layout) as table,
        pytest.raises(InvalidInputError, match="behind row 1:"),
    ):
        list(table.rows)


def test_json_lines_keep_the_digits_and_miss_what_is_not_there() -> None:
    body = b'{"a": 1.10, "b": true}\n{"b": null, "a": 12345678901234567890}\n{"a": [1, 2]}\n'
    assert read(body, "jsonl") == (
        ["a", "b"],
        [
            Row(1, ["1.10", "true"]),
            Row(2, ["12345678901234567890", ""]),
            Row(3, ['["1", "2"]', ""]),
        ],
    )


def test_a_broken_line_of_json_is_named() -> None:
    body = b'{"a": 1}\n' * 150 + b'{"a": \n'
    layout = TableLayout(encoding="utf-8")
    store = FakeObjectStore()
    pointer = store.drop("inbox", "t.jsonl", body)
    with (
        open_table(store, pointer, "jsonl", layout) as table,
        pytest.raises(InvalidInputError, match="Row 151 is no JSON"),
    ):
        list(table.rows)


def parquet(compression: str = "snappy", rows: int = 3) -> bytes:
    table = Table.from_arrays(
        [
            Array(range(rows), type=DataType.int64()),
            Array([None if one % 3 == 1 else one / 4 for one in range(rows)], DataType.float64()),
            Array([f'ä, "{one}"\n' for one in range(rows)], type=DataType.string()),
            Array([one % 2 == 0 for one in range(rows)], type=DataType.bool()),
        ],
        names=["id", "x", "s", "b"],
    )
    buffer = io.BytesIO()
    write_parquet(table, buffer, compression=compression, max_row_group_size=5_000)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "compression", ["uncompressed", "snappy", "gzip(6)", "zstd(3)", "lz4_raw", "brotli(3)"]
)
def test_parquet_of_every_compression_is_read(compression: str) -> None:
    assert read(parquet(compression), "parquet") == (
        ["id", "x", "s", "b"],
        [
            Row(1, ["0", "0.0", 'ä, "0"\n', "true"]),
            Row(2, ["1", "", 'ä, "1"\n', "false"]),
            Row(3, ["2", "0.5", 'ä, "2"\n', "true"]),
        ],
    )


def test_parquet_goes_on_behind_the_rows_that_are_skipped() -> None:
    rows = read(parquet(rows=20_000), "parquet", skip=12_345)[1]
    assert (rows[0].number, rows[0].cells[0], len(rows)) == (12_346, "12345", 7_655)


def test_dates_are_texts() -> None:
    column = Array([20_780, None], type=DataType.int32()).cast(DataType.date32())
    buffer = io.BytesIO()
    write_parquet(Table.from_arrays([column], names=["day"]), buffer)
    assert cells(buffer.getvalue(), "parquet") == [["2026-11-23"], [""]]


def test_lists_in_parquet_are_refused_by_the_columns_name() -> None:
    column = fixed_size_list_array(Array([1, 2, 3, 4], type=DataType.int64()), 2)
    buffer = io.BytesIO()
    write_parquet(Table.from_arrays([column], names=["many"]), buffer)
    with pytest.raises(InvalidInputError, match="'many' holds lists"):
        read(buffer.getvalue(), "parquet")


def broken_parquet() -> Iterator[bytes]:
    whole = parquet(rows=20_000)
    yield whole[:-3]
    yield whole[: len(whole) // 2] + whole[-8:]
    yield b"PAR1" + b"\0" * 64 + b"PAR1"
    yield b"PAR1" + b"x" * 60 + b"\x20\0\0\0PAR1"
    noise = random.Random(1).randbytes(3_000)
    yield whole[:1_000] + noise + whole[4_000:]


@pytest.mark.parametrize("body", list(broken_parquet()))
def test_a_broken_parquet_file_is_no_crash(body: bytes) -> None:
    with pytest.raises(InvalidInputError, match="broken"):
        read(body, "parquet")


def test_s3_being_busy_stays_what_it_is_on_its_way_through_the_parquet_reader() -> None:
    class Busy(Hook):
        calls = 0

        def before(self, operation: str) -> None:
            self.calls += operation == "read_range"
            if self.calls > 2:
                raise TransientError("slow down")

    store = FakeObjectStore(Busy())
    body = parquet("uncompressed", rows=600_000)
    pointer = store.drop("inbox", "t.parquet", body)
    assert len(body) > 12 << 20
    with (
        pytest.raises(TransientError, match="slow down"),
        open_table(store, pointer, "parquet", TableLayout()) as table,
    ):
        list(table.rows)


def test_another_object_under_the_key_has_another_etag() -> None:
    store = FakeObjectStore(versioned=())
    etags = []
    for body in (b"a,b\n1,2\n", b"a,b\n1,3\n"):
        store.drop("inbox", "t.csv", body)
        layout = TableLayout(encoding="utf-8", delimiter=",")
        with open_table(store, S3Pointer(bucket="inbox", key="t.csv"), "csv", layout) as table:
            etags.append(table.etag)
    assert etags[0] != etags[1]
