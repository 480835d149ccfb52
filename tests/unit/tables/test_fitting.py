"""A row becomes what the model is sent, or tells its column and what is wrong there."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from windfall.contracts.input_contract import InputContract
from windfall.errors import InvalidInputError
from windfall.tables.fitting import Fitting, PlainFitting, RowProblemError, as_json
from windfall.tables.spreadsheets import csv_pieces, guarded


def contract(*columns: dict[str, Any], **fields: Any) -> InputContract:
    return InputContract.model_validate({"task": "binary", "columns": list(columns), **fields})


AGE: dict[str, Any] = {"name": "age", "type": "integer", "minimum": 0, "maximum": 120}
PAY: dict[str, Any] = {"name": "pay", "type": "number", "missing": True}
JOB: dict[str, Any] = {
    "name": "job",
    "type": "category",
    "categories": ["admin.", "cook"],
    "encoding": "one_hot",
}


def test_columns_are_taken_by_name_and_sent_in_the_models_order() -> None:
    fitting = Fitting(contract(AGE, PAY), ["id", "pay", "age"])
    assert (fitting.names, fitting.features(["7", " 1.50 ", "41"])) == (
        ["age", "pay"],
        ["41", "1.50"],
    )


def test_a_category_becomes_a_one_among_noughts() -> None:
    fitting = Fitting(contract(AGE, JOB), ["age", "job"])
    assert fitting.names == ["age", "job=admin.", "job=cook"]
    assert fitting.features(["41", "cook"]) == ["41", "0", "1"]


@pytest.mark.parametrize(
    ("column", "cell", "sent"),
    [
        (PAY, "", None),
        (PAY, "NaN", None),
        (PAY, "-1e3", "-1e3"),
        (AGE, "41.0", "41.0"),
        ({"name": "x", "type": "boolean"}, "Yes", "1"),
        ({"name": "x", "type": "boolean"}, "false", "0"),
        ({"name": "x", "type": "text"}, " a, b ", " a, b "),
        ({"name": "x", "type": "category"}, "any", "any"),
        ({**JOB, "encoding": "index"}, "cook", "1"),
        ({**JOB, "encoding": "index", "unseen": True}, "pilot", "-1"),
        ({**JOB, "encoding": "plain"}, "cook", "cook"),
        ({**JOB, "categories": ["None"], "encoding": "plain"}, "None", "None"),
    ],
)
def test_what_a_cell_is_sent_as(column: dict[str, Any], cell: str, sent: str | None) -> None:
    assert Fitting(contract(column), [column["name"]]).features([cell]) == [sent]


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        (AGE, "abc", "column age: 'abc' is no whole number"),
        (AGE, "4.5", "column age: '4.5' is no whole number"),
        (AGE, "121", "column age: '121' is out of its range (0 to 120)"),
        (AGE, "", "column age: there is no value"),
        (PAY, "abc", "column pay: 'abc' is not a number"),
        (PAY, "1_000", "column pay: '1_000' is not a number"),
        (PAY, "inf", "column pay: 'inf' is not a number"),
        (PAY, "1,5", "column pay: '1,5' is not a number"),
        (JOB, "pilot", "column job: 'pilot' is no category that the model knows"),
        ({"name": "x", "type": "boolean"}, "maybe", "column x: 'maybe' is neither true nor false"),
        ({"name": "x", "type": "text"}, " ", "column x: there is no value"),
        (PAY, "x" * 99, f"column pay: '{'x' * 39}…' is not a number"),
    ],
)
def test_what_is_said_of_a_cell_that_does_not_fit(
    column: dict[str, Any], cell: str, reason: str
) -> None:
    with pytest.raises(RowProblemError) as raised:
        Fitting(contract(column), [column["name"]]).features([cell])
    assert str(raised.value) == reason


def test_decimal_commas_become_points() -> None:
    assert Fitting(contract(PAY), ["pay"], decimal=",").features(["1,5"]) == ["1.5"]


def test_a_row_of_another_width_is_no_row() -> None:
    for fitting in (Fitting(contract(PAY), ["pay", "x"]), PlainFitting(["pay"], ["pay", "x"])):
        with pytest.raises(RowProblemError, match="it has 3 cells where the header has 2"):
            fitting.features(["1", "2", "3"])


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInputError, match="'age' can not be found"):
        Fitting(contract(AGE), ["Age"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": [AGE, AGE]},
        {"columns": [AGE], "target": "age"},
        {"columns": [AGE], "classes": ["only"]},
        {"columns": [{**AGE, "categories": ["1"]}]},
        {"columns": [{"name": "job", "type": "category", "encoding": "one_hot"}]},
        {"columns": []},
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        InputContract.model_validate({"task": "binary", **wrong})


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.one_of(NUMBERS.map(repr), st.integers().map(str), st.sampled_from(["+1", ".5", "007", "1."]))
)
def test_a_number_in_json_is_the_number_of_the_table(text: str) -> None:
    features = Fitting(contract(PAY), ["pay"]).features([text])
    assert json.loads(as_json(["pay"], [True], features)) == {"pay": pytest.approx(float(text))}


def test_a_row_as_json_has_names_texts_and_nulls() -> None:
    row = as_json(["a", 'b"'], [True, False], [None, "é\n"])
    assert json.loads(row) == {"a": None, 'b"': "é\n"}


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-", "+_1"])
def test_what_a_spreadsheet_would_run_is_made_a_text(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-5", "+4.5", "-1,5", "-1e-3", "a=1", "x", "-.5"])
def test_what_is_harmless_stays(cell: str) -> None:
    assert guarded(cell) == cell


@given(st.lists(st.lists(st.text(max_size=5), min_size=2, max_size=2), max_size=20))
def test_written_rows_are_read_again_and_no_cell_is_a_formula(rows: list[list[str]]) -> None:
    text = b"".join(csv_pieces(rows)).decode()
    again = list(csv.reader(io.StringIO(text, newline="")))
    assert again == [[guarded(cell) for cell in row] for row in rows]


def test_a_derived_feature_is_made_of_another_column() -> None:
    derived = {"name": "fresh", "source": "pay", "type": "category", "encoding": "is_one_of"}
    fitting = Fitting(contract(PAY, {**derived, "categories": ["999"]}), ["pay"])
    assert fitting.names == ["pay", "fresh"]
    assert fitting.features([" 999"]) == ["999", "1"]
    assert fitting.features(["6"]) == ["6", "0"]
    assert fitting.features([""]) == [None, "0"]
    with pytest.raises(InvalidInputError, match="'pay' can not be found"):
        Fitting(contract(PAY, {**derived, "categories": ["999"]}), ["fresh"])


ODD_CELLS = [
    "1",
    "-2.5",
    "1e3",
    ".5",
    "7.",
    "",
    " 1",
    "1_0",
    "nan",
    "inf",
    "-inf",
    "x",
    "٣",
    "1\n",
    "NA",
]


@given(st.lists(st.sampled_from(ODD_CELLS), min_size=3, max_size=3))
def test_a_row_that_is_looked_at_as_a_whole_is_what_it_is_cell_by_cell(cells: list[str]) -> None:
    names = ["a", "b", "c"]
    columns = [{"name": name, "type": "number", "missing": True} for name in names]
    together = contract(*columns)
    # Bounds that nothing breaks, so that each cell is looked at by itself.
    apart = contract(*({**column, "minimum": -1e300} for column in columns))

    def read(model: InputContract) -> Any:
        try:
            return Fitting(model, names).features(cells)
        except RowProblemError as problem:
            return str(problem)

    assert read(together) == read(apart)
