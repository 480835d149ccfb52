"""Text in pieces of whole lines, and as numbers."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.engines.tables.lines import pieces
from windfall_local.engines.tables.numbers import (
    UnreadableNumbersError,
    delimiter_of,
    files_in,
    read_csv,
    read_libsvm,
)

CELLS = st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=3), max_size=12)


@given(CELLS, st.integers(1, 40))
def test_pieces_are_whole_records_and_together_the_whole(table: list[list[str]], size: int) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    whole = written.getvalue().encode()
    found = list(pieces(io.BytesIO(whole), size))
    assert b"".join(found) == whole
    # A piece never ends within quotes: each has as many records as it has ends of them.
    assert all(piece.count(b'"') % 2 == 0 for piece in found)


def test_a_piece_is_about_as_long_as_wanted() -> None:
    whole = b"".join(b"%06d,1\n" % number for number in range(10_000))
    sizes = [len(piece) for piece in pieces(io.BytesIO(whole), 4_000)]
    assert max(sizes) < 4_010
    assert len(sizes) == math.ceil(len(whole) / 4_000)


@given(
    st.lists(
        st.lists(
            st.one_of(st.none(), st.floats(width=32, allow_infinity=False)), min_size=3, max_size=3
        ),
        min_size=1,
        max_size=20,
    )
)
def test_numbers_are_read_as_they_were_written(table: list[list[float | None]]) -> None:
    text = "\n".join(",".join("" if one is None else repr(one) for one in row) for row in table)
    expected = np.array([[math.nan if one is None else one for one in row] for row in table])
    np.testing.assert_allclose(
        read_csv(text.encode()), expected.astype(np.float32), equal_nan=True, rtol=1e-6
    )


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (b"1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        (b"\n1,2\n\n3,4\n\n", [[1, 2], [3, 4]]),
        (b" 1 , 2\n", [[1, 2]]),
        (b"+1,-2e3", [[1, -2000]]),
        (b"inf,-inf", [[math.inf, -math.inf]]),
    ],
)
def test_what_else_counts_as_numbers(text: bytes, rows: list[list[float]]) -> None:
    assert read_csv(text).tolist() == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no rows"),
        (b"\n\n", "no rows"),
        (b"1,2\n3,four\n", "Row 2: .*four"),
        (b"a,b\n1,2\n", "Row 1: .*'a'"),
        (b"1,2\n3\n", "Expected 2 columns, got 1"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused_with_its_place(text: bytes, said: str) -> None:
    with pytest.raises(UnreadableNumbersError, match=said):
        read_csv(text)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [(b"1,2,3\n", ","), (b"1;2;3\n", ";"), (b"1\t2\t3\n", "\t"), (b"42\n", ","), (b"1.5\n", ",")],
)
def test_the_delimiter_is_told_by_the_first_line(text: bytes, delimiter: str) -> None:
    assert delimiter_of(text) == delimiter


def test_libsvm_is_read_with_and_without_labels() -> None:
    matrix, labels = read_libsvm(b"1 0:0.5 3:2\n0 1:1\n\n", width=5)
    assert matrix.toarray().tolist() == [[0.5, 0, 0, 2, 0], [0, 1, 0, 0, 0]]
    assert labels.tolist() == [1, 0]
    matrix, labels = read_libsvm(b"0:1 1:2\n")
    assert matrix.toarray().tolist() == [[1, 2]]
    assert np.isnan(labels).all()
    with pytest.raises(UnreadableNumbersError, match="Row 2 is not in libsvm format"):
        read_libsvm(b"1 0:1\n1 zero:1\n")


def test_hidden_files_are_no_data(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden", "_SUCCESS"):
        (tmp_path / name).touch()
    assert [path.name for path in files_in(tmp_path)] == ["a.csv", "b.csv"]
