"""Filters and joins of transform jobs."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.api import ServiceError
from windfall_local.services.sagemaker.filters import Filter, joined

ROW = ["id", "1", "2", "3"]
OBJECT = {"id": 7, "features": [1, 2, 3], "note": {"by": "me"}}


@pytest.mark.parametrize(
    ("expression", "record", "found"),
    [
        (None, ROW, ROW),
        ("$", OBJECT, OBJECT),
        ("$[1:]", ROW, ["1", "2", "3"]),
        ("$[:-1]", ROW, ["id", "1", "2"]),
        ("$[0]", ROW, "id"),
        ("$[-1]", ROW, "3"),
        ("$[0,-1]", ROW, ["id", "3"]),
        ("$[*]", ROW, ROW),
        ("$.features", OBJECT, [1, 2, 3]),
        ("$.features[0:2]", OBJECT, [1, 2]),
        ("$['id','features']", OBJECT, {"id": 7, "features": [1, 2, 3]}),
        ("$['note'].by", OBJECT, "me"),
    ],
)
def test_a_filter_selects_a_part_of_a_record(
    expression: str | None, record: Any, found: Any
) -> None:
    assert Filter(expression).apply(record) == found


@pytest.mark.parametrize("expression", ["features", "$..id", "$[?(@.id)]", "$[one]", "$.a b"])
def test_what_is_no_filter_is_refused(expression: str) -> None:
    with pytest.raises(ServiceError, match="filter"):
        Filter(expression)


@pytest.mark.parametrize(
    ("expression", "record"), [("$.none", OBJECT), ("$[9]", ROW), ("$.id", ROW), ("$[0:1]", OBJECT)]
)
def test_a_part_that_is_not_there_is_no_part(expression: str, record: Any) -> None:
    with pytest.raises(LookupError):
        Filter(expression).apply(record)


@given(st.text(alphabet="$.[]'0123456789:,*ab -", max_size=12))
def test_whatever_is_written_is_a_filter_or_refused(text: str) -> None:
    with contextlib.suppress(ServiceError):
        Filter(text)


def test_predictions_are_joined_by_the_form_of_their_record() -> None:
    assert joined(ROW, "0.5") == [*ROW, "0.5"]
    assert joined(["1"], ["0.1", "0.9"]) == ["1", "0.1", "0.9"]
    assert joined({"id": 1}, [0.5]) == {"id": 1, "SageMakerOutput": [0.5]}
    assert joined(3, 0.5) == {"SageMakerInput": 3, "SageMakerOutput": 0.5}
