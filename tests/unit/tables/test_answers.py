"""What models answer, in every way in which containers write it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from join_predictions.verdicts import Verdicts, judge
from windfall.contracts.input_contract import InputContract
from windfall.errors import InvalidInputError
from windfall.tables.answers import read_answers


@pytest.mark.parametrize(
    ("body", "rows", "names"),
    [
        ("0.1\n0.9\n", [["0.1"], ["0.9"]], None),
        ("0.1,0.9", [["0.1"], ["0.9"]], None),
        ("[0.1, 0.9],[0.8, 0.2]", [["0.1", "0.9"], ["0.8", "0.2"]], None),
        ("0.1,0.9\n0.8,0.2", [["0.1", "0.9"], ["0.8", "0.2"]], None),
        ("label,score\nyes,0.9\nno,0.2\n", [["yes", "0.9"], ["no", "0.2"]], ["label", "score"]),
        ("yes\nno\n", [["yes"], ["no"]], None),
        ('"a, b"\r\nc\r\n', [["a, b"], ["c"]], None),
        ("[0.1, 0.9]", [["0.1"], ["0.9"]], None),
        ("[[1, 2], [3, 4]]", [["1", "2"], ["3", "4"]], None),
        ('["yes", "no"]', [["yes"], ["no"]], None),
        ('{"score": 0.5}\n{"score": 0.25}', [["0.5"], ["0.25"]], ["score"]),
        ('{"predictions": [{"score": 1}, {"score": 2}]}', [["1"], ["2"]], ["score"]),
        ('{"predictions": [0.5, null]}', [["0.5"], [""]], None),
        ('{"score": 0.5, "tags": ["a"]}', [["0.5", '["a"]']], ["score", "tags"]),
        ("[0.2, 0.8]\n", [["0.2"], ["0.8"]], None),
        ("0.10000000149011612\n", [["0.10000000149011612"]], None),
    ],
)
def test_answers_are_understood(body: str, rows: list[list[str]], names: list[str] | None) -> None:
    found = read_answers(body.encode(), len(rows))
    assert (found.rows, found.names) == (rows, names)


def test_one_row_with_several_scores_is_one_row() -> None:
    assert read_answers(b"[[0.2, 0.8]]", 1).rows == [["0.2", "0.8"]]
    assert read_answers(b"0.2,0.8", 1).rows == [["0.2", "0.8"]]


@pytest.mark.parametrize(
    ("body", "rows", "reason"),
    [
        (b"1\n2\n", 3, "2 answers to 3 rows"),
        (b"", 2, "0 answers to 2 rows"),
        (b"1,2\n3\n", 2, "differ in how many values"),
        (b'{"a": 1}\n{"b": 1}', 2, "differ in what their values are called"),
        (b"\xff\xfe", 1, "no text"),
    ],
)
def test_what_can_not_be_joined_says_why(body: bytes, rows: int, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read_answers(body, rows)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_every_way_of_writing_the_same_scores_reads_the_same(scores: list[float]) -> None:
    texts = [repr(score) for score in scores]
    wanted = [float(text) for text in texts]
    for body in (
        "\n".join(texts),
        ",".join(texts),
        json.dumps(scores),
        "\n".join(json.dumps(score) for score in scores),
        json.dumps({"predictions": scores}),
    ):
        found = read_answers(body.encode(), len(scores))
        assert [float(row[0]) for row in found.rows] == wanted


def judged(body: str, rows: int, threshold: float | None = None, **model: Any) -> Verdicts:
    contract = None
    if model:
        columns = [{"name": "a", "type": "number"}]
        contract = InputContract.model_validate({"columns": columns, **model})
    return judge(read_answers(body.encode(), rows), contract, threshold)


def test_a_score_becomes_a_class_at_the_threshold() -> None:
    verdicts = judged("0.2\n0.5\n0.9\nnan", 4, 0.5, task="binary", classes=["stays", "leaves"])
    assert verdicts.columns == ["prediction", "score"]
    assert verdicts.cells == [
        ["stays", "0.2"],
        ["leaves", "0.5"],
        ["leaves", "0.9"],
        ["", "nan"],
    ]


def test_the_scores_of_both_classes_are_the_second_ones() -> None:
    verdicts = judged("0.2,0.8\n0.9,0.1", 2, 0.5, task="binary", classes=["no", "yes"])
    assert verdicts.cells == [["yes", "0.8"], ["no", "0.1"]]


def test_of_many_scores_the_greatest_tells_the_class() -> None:
    verdicts = judged("[0.1,0.7,0.2],[0.5,0.3,0.2]", 2, task="multiclass", classes=["a", "b", "c"])
    assert verdicts.columns == ["prediction", "score", "score_a", "score_b", "score_c"]
    assert verdicts.cells[0] == ["b", "0.7", "0.1", "0.7", "0.2"]
    assert verdicts.classes == ["b", "a"]


def test_the_index_of_a_class_becomes_its_name() -> None:
    verdicts = judged("2.0\n0.0", 2, task="multiclass", classes=["a", "b", "c"])
    assert verdicts.cells == [["c"], ["a"]]


def test_names_of_classes_are_predictions_as_they_stand() -> None:
    assert judged("yes\nno", 2, 0.5, task="binary", classes=["no", "yes"]).scores is None
    assert judged("cat\ndog", 2).classes == ["cat", "dog"]


def test_without_a_contract_a_number_is_the_prediction() -> None:
    assert judged("1.5\n2.5", 2).columns == ["prediction"]
    assert judged("0.4\n0.6", 2, 0.5).cells == [["0", "0.4"], ["1", "0.6"]]
    assert judged("1,2\n3,4", 2).columns == ["output_1", "output_2"]


def test_a_model_that_names_its_values_is_believed() -> None:
    verdicts = judged('{"predicted_label": 1, "score": 0.9}', 1)
    assert (verdicts.columns, verdicts.classes) == (["predicted_label", "score"], ["1"])


@pytest.mark.parametrize(
    ("body", "model"),
    [
        ("5\n", {"task": "multiclass", "classes": ["a", "b"]}),
        ("0.1,0.2,0.7\n", {"task": "multiclass", "classes": ["a", "b"]}),
        ("x,y\n", {"task": "multiclass", "classes": ["a", "b"]}),
        ("abc\n", {"task": "regression"}),
    ],
)
def test_answers_that_contradict_the_contract_are_refused(body: str, model: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        judged(body, 1, **model)
