"""What a table looks like from its beginning: every CSV that people really have."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall.errors import InvalidInputError
from windfall.tables.sniffing import sniff_csv, sniff_json_lines

PLAIN = "age,job\n41,admin.\n29,technician\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_every_row_alike(delimiter: str) -> None:
    text = delimiter.join(["name", "note"]) + "\n" + f'Ada{delimiter}"one, two; three"\n' * 3
    sniffed = sniff_csv(text.encode(), whole=True)
    assert (sniffed.layout.delimiter, sniffed.header) == (delimiter, ["name", "note"])


def test_commas_in_the_texts_of_a_semicolon_file_are_no_delimiters() -> None:
    text = "id;text\n1;yes, it is\n2;no, not at all, sorry\n3;well\n"
    assert sniff_csv(text.encode(), whole=True).header == ["id", "text"]


@pytest.mark.parametrize(
    ("encoding", "known_as"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("latin-1", "cp1252"), ("utf-16", "utf-16")],
)
def test_the_encoding_is_found(encoding: str, known_as: str) -> None:
    text = "ciudad,número\nCádiz,1\nMálaga,2\n"
    sniffed = sniff_csv(text.encode(encoding), whole=True)
    assert (sniffed.layout.encoding, sniffed.header) == (known_as, ["ciudad", "número"])


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert sniff_csv(b"\xef\xbb\xbf" + PLAIN.encode(), whole=True).header == ["age", "job"]


def test_a_quoted_line_end_is_no_row() -> None:
    text = 'name,note\r\nAda,"first\r\nsecond"\r\nBob,x\r\n'
    assert sniff_csv(text.encode(), whole=True).layout.columns == 2


def test_what_excel_says_of_its_delimiter_is_believed() -> None:
    sniffed = sniff_csv(b"sep=;\r\nage;job\r\n41;a,b\r\n", whole=True)
    assert (sniffed.layout.delimiter, sniffed.header) == (";", ["age", "job"])


def test_one_column_is_a_table_too() -> None:
    assert sniff_csv(b"age\n41\n29\n", whole=True).header == ["age"]


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("a;b\n1,5;2\n2,25;3\n", ","),
        ("a;b\n1.5;2\n2,25;3\n", "."),
        ("a,b\n1.5,2\n2.25,3\n", "."),
        ("a;b\n1;2\n2;3\n", "."),
    ],
)
def test_a_decimal_comma_is_one_where_no_number_has_a_point(text: str, decimal: str) -> None:
    assert sniff_csv(text.encode(), whole=True).layout.decimal == decimal


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"age,job\n", "no rows"),
        (b"\n\n", "empty"),
        (b"1,2,3\n4,5,6\n", "numbers only"),
        (b"age,,job\n1,2,3\n", "Column 2 has no name"),
        (b"age,job,age\n1,2,3\n", "named 'age'"),
        (b"\x00\x01\x02\xff" * 20, "no text"),
    ],
)
def test_what_is_no_table_says_why(text: bytes, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        sniff_csv(text, whole=True)


def test_a_header_with_nothing_below_it_yet_is_not_called_empty() -> None:
    assert sniff_csv(b"age,job\n41,adm", whole=False).header == ["age", "job"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_beginning_that_ends_within_a_character_is_read(encoding: str) -> None:
    whole = ("stadt,zahl\n" + "Köln,1\n" * 50).encode(encoding)
    for cut in range(200, 220):
        assert sniff_csv(whole[:cut], whole=False).header == ["stadt", "zahl"]


NAMES = st.lists(
    st.text(st.characters(categories=["L"]), min_size=1, max_size=8),
    min_size=2,
    max_size=6,
    unique=True,
)
CELL = st.text(st.characters(categories=["L", "N", "P", "Zs"], include_characters="\n"), max_size=9)


@given(
    names=NAMES, cells=st.lists(CELL, min_size=12, max_size=12), delimiter=st.sampled_from(",;\t|")
)
def test_what_the_standard_writer_writes_is_found_again(
    names: list[str], cells: list[str], delimiter: str
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for start in range(6):
        writer.writerow([cells[(start + place) % 12] for place in range(len(names))])
    sniffed = sniff_csv(buffer.getvalue().encode("utf-8-sig"), whole=True)
    assert sniffed.layout.columns == len(names)


def test_json_lines_have_the_columns_that_any_of_the_first_lines_has() -> None:
    sniffed = sniff_json_lines(b'{"a": 1}\n\n{"b": null, "a": 2}\n', whole=True)
    assert sniffed.header == ["a", "b"]


@pytest.mark.parametrize("line", [b"{a: 1}\n", b"[1, 2]\n", b'"text"\n', b"\n"])
def test_what_is_no_line_of_json_says_so(line: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"Row 1|empty"):
        sniff_json_lines(line, whole=True)
