"""JSONata as Step Functions has it."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.workflows.failures import QueryFailure
from windfall_local.workflows.queries import Expression, Template, bindable

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False, width=32),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["a", "b", "c", "$x", ""]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def evaluate(source: str, value: Any = None, **variables: Any) -> Any:
    states = {"input": bindable(value, json.dumps(value))}
    return Template(f"{{% {source} %}}", "Output").evaluate({**variables, "states": states})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$partition([1..5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(1, 7, 3)", [1, 4, 7]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$hash('a', 'SHA-1')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("$parse('null')", None),
        ("$random(7) = $random(7)", True),
        ("$random() < 1", True),
        ("$map([1, 2], function($v) { $v * 2 })", [2, 4]),
        ("$map($states.input.n, function($v) { $v })", [None, 1]),
        ("$count($states.input.n)", 2),
        ("$type($states.input.n[0])", "null"),
        ("$states.input.e", []),
        ("[$filter([1], function($v) { $v > 1 })]", []),
        ("{'a': null}", {"a": None}),
        ("10 / 4", 2.5),
        ("10 / 5", 2),
    ],
)
def test_expressions(source: str, expected: Any) -> None:
    assert evaluate(source, {"n": [None, 1], "e": []}) == expected


def test_uuid_is_a_uuid() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", evaluate("$uuid()"))


@pytest.mark.parametrize(
    "source",
    [
        "$eval('1')", "$states.input.absent", "$absent", "1 / 0", "$number('x')", "$sum",
        "function($x) { $x }", "$range(1, 2000, 1)", "$range(1, 2, 0)", "$hash('a', 'X')",
        "$partition([1], 0)", "$parse('{')", "$error('no')",
        "($f := function($x) { 1 + $f($x) }; $f(1))", "$partition()", "'a' + 1",
    ],
)  # fmt: skip
def test_what_fails_names_the_expression_and_its_field(source: str) -> None:
    with pytest.raises(QueryFailure) as caught:
        evaluate(source, {})
    assert caught.value.location == "Output"
    assert f"'{source}' specified for the field 'Output'" in str(caught.value.cause)


def test_endless_expressions_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windfall_local.workflows.queries.MAX_SECONDS", 0.05)
    with pytest.raises(QueryFailure, match="ran for more than"):
        evaluate("($f := function($x) { $f($x) }; $f(1))", {})


def test_locations_lead_into_the_template() -> None:
    template = Template({"a": [1, {"b": "{% $nothing %}"}]}, "Arguments")
    with pytest.raises(QueryFailure) as caught:
        template.evaluate({})
    assert caught.value.location == "Arguments/a[1]/b"


def test_templates_without_expressions_are_constants() -> None:
    value = {"a": ["{%x", "$.b", " {% no %} "]}
    template = Template(value, "Output")
    assert template.constant
    assert template.evaluate({}) is value


@pytest.mark.parametrize(
    ("source", "volatile"),
    [
        ("$uuid()", True),
        ("$now()", True),
        ("$states.context.State.EnteredTime", True),
        ("1", False),
    ],
)
def test_what_chance_and_time_touch_is_known(source: str, volatile: bool) -> None:
    assert Template({"a": f"{{% {source} %}}"}, "Output").volatile is volatile


@given(json_values)
def test_json_goes_through_unchanged(value: Any) -> None:
    before = copy.deepcopy(value)
    assert evaluate("$states.input", value) == before
    assert evaluate("{'v': $states.input}", value) == {"v": before}
    assert value == before


@given(json_values, st.lists(st.sampled_from(["a", "b", "c"]), max_size=3))
def test_the_short_way_through_paths_is_the_librarys(value: Any, names: list[str]) -> None:
    source = ".".join(["$states", "input", *names])
    short = Expression(source)
    long = Expression(source)
    long._path = None
    bindings = {"states": {"input": bindable(value, json.dumps(value))}}
    assert _or_failure(short, bindings) == _or_failure(long, bindings)


def _or_failure(expression: Expression, bindings: Any) -> Any:
    try:
        return expression.evaluate(bindings, "Output")
    except QueryFailure as failure:
        return failure.cause


@given(json_values)
def test_queries_leave_their_input_alone(value: Any) -> None:
    before = json.dumps(value)
    sources = [
        "$states.input{'k': $}", "$sort($states.input)", "$reverse([$states.input])",
        "$states.input.*", "$append($states.input, 1)", "$states.input.a{'x': 1}",
    ]  # fmt: skip
    for source in sources:
        try:
            evaluate(source, value)
        except QueryFailure:
            continue
    assert json.dumps(value) == before
