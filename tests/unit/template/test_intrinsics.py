"""Intrinsic functions, conditions and pseudo parameters."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.template import TemplateError, UnsupportedTemplateError
from windfall_local.template.intrinsics import Resolver, references


def make_resolver(**changes: Any) -> Resolver:
    def lookup(name: str, attribute: str | None) -> Any:
        if name not in {"Queue", "Bucket"}:
            raise TemplateError(f"{name} does not exist.")
        return f"{name}-{attribute}" if attribute else f"physical-{name}"

    settings: dict[str, Any] = {
        "parameters": {"Stage": "dev", "Names": ["a", "b"], "Count": "3"},
        "stack": "app",
        "region": "eu-west-1",
        "mappings": {"Sizes": {"dev": {"memory": 128, "zones": ["x"]}}},
        "conditions": {
            "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
            "IsProd": {"Fn::Not": [{"Condition": "IsDev"}]},
            "Both": {"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
            "Either": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
            "Loop": {"Fn::Not": [{"Condition": "Pool"}]},
            "Pool": {"Fn::Not": [{"Condition": "Loop"}]},
        },
        "lookup": lookup,
    }
    return Resolver(**{**settings, **changes})


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Ref": "Bucket"}, "physical-Bucket"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::AccountId"}, "000000000000"),
        ({"Ref": "AWS::StackName"}, "app"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "Queue-Arn"),
        ({"Fn::GetAtt": "Queue.Arn"}, "Queue-Arn"),
        ({"Fn::Sub": "${Stage}-${Queue.Arn}-${!Literal}-${AWS::Region}"}, None),
        ({"Fn::Sub": ["${Own}/${Stage}", {"Own": {"Ref": "Bucket"}}]}, "physical-Bucket/dev"),
        ({"Fn::Sub": ["${n}", {"n": 5}]}, "5"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1, True]]}, "a-dev-1-true"),
        ({"Fn::Join": [",", {"Ref": "Names"}]}, "a,b"),
        ({"Fn::Select": ["1", {"Ref": "Names"}]}, "b"),
        ({"Fn::Select": [0, {"Fn::Split": [",", "x,y"]}]}, "x"),
        ({"Fn::Split": ["|", "a||b"]}, ["a", "", "b"]),
        ({"Fn::If": ["IsDev", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsProd", {"Ref": "Nothing"}, "no"]}, "no"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 128),
        ({"Fn::FindInMap": ["Sizes", "prod", "memory", {"DefaultValue": 7}]}, 7),
        ({"Fn::Base64": {"Ref": "Stage"}}, base64.b64encode(b"dev").decode()),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ([1, {"Fn::If": ["IsProd", 2, {"Ref": "AWS::NoValue"}]}, 3], [1, 3]),
        ({"Ref": "x", "other": 1}, {"Ref": "x", "other": 1}),
        ({"Fn::Equals": ["a", "a"]}, True),
    ],
)
def test_functions(value: Any, result: Any) -> None:
    expected = "dev-Queue-Arn-${Literal}-eu-west-1" if result is None else result
    assert make_resolver().resolve(value) == expected


@pytest.mark.parametrize(
    ("name", "holds"), [("IsDev", True), ("IsProd", False), ("Both", False), ("Either", True)]
)
def test_conditions(name: str, holds: bool) -> None:
    assert make_resolver().condition(name) is holds


def test_numbers_and_texts_are_equal_in_conditions() -> None:
    conditions = {"C": {"Fn::Equals": [{"Ref": "Count"}, 3]}}
    assert make_resolver(conditions=conditions).condition("C")


@pytest.mark.parametrize("name", ["Loop", "None"])
def test_conditions_that_can_not_be_told_are_errors(name: str) -> None:
    with pytest.raises(TemplateError, match=name):
        make_resolver().condition(name)


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Nothing"},
        {"Fn::GetAtt": ["Nothing", "Arn"]},
        {"Fn::Sub": "${Nothing}"},
        {"Fn::Sub": ["${Names}", {}]},
        {"Fn::Join": ["-"]},
        {"Fn::Join": ["-", "text"]},
        {"Fn::Select": ["9", ["a"]]},
        {"Fn::Select": ["-1", ["a"]]},
        {"Fn::Select": ["x", ["a"]]},
        {"Fn::FindInMap": ["Sizes", "prod", "memory"]},
        {"Fn::If": ["Nothing", 1, 2]},
        {"Fn::If": ["IsDev", 1]},
        {"Fn::And": []},
        {"Fn::GetAtt": 5},
    ],
)
def test_wrong_use_is_an_error_of_the_template(value: Any) -> None:
    with pytest.raises(TemplateError):
        make_resolver().resolve(value)


@pytest.mark.parametrize("name", ["Fn::ImportValue", "Fn::Cidr", "Fn::Transform", "Fn::Novelty"])
def test_what_is_not_done_here_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnsupportedTemplateError, match=name):
        make_resolver().resolve({name: ["x"]})


def test_references_are_found_wherever_they_stand() -> None:
    value = {
        "a": [{"Ref": "One"}, {"Fn::GetAtt": ["Two", "Arn"]}, {"Fn::GetAtt": "Three.Arn"}],
        "b": {"Fn::Sub": ["${Four}${Own}${Five.Arn}${!No}", {"Own": {"Ref": "Six"}}]},
        "c": {"Fn::If": ["Condition", {"Ref": "Seven"}, "x"]},
    }
    assert set(references(value)) == {"One", "Two", "Three", "Four", "Five", "Six", "Seven"}


plain = st.recursive(
    st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcxyz", min_size=1), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(plain)
def test_a_value_without_functions_stays_as_it_is(value: Any) -> None:
    assert make_resolver().resolve(value) == value
    assert list(references(value)) == []


@given(st.lists(st.text("ab,", max_size=5), min_size=1))
def test_split_undoes_join(items: list[str]) -> None:
    joined = {"Fn::Join": ["|", items]}
    assert make_resolver().resolve({"Fn::Split": ["|", joined]}) == items


@given(st.text().filter(lambda text: "${" not in text))
def test_sub_leaves_text_without_variables_alone(text: str) -> None:
    assert make_resolver().resolve({"Fn::Sub": text}) == text


@given(st.text("ab-", max_size=5), st.text("xy:", max_size=5), st.text(max_size=10))
def test_sub_and_join_agree(before: str, after: str, value: str) -> None:
    resolver = make_resolver(parameters={"P": value})
    subbed = resolver.resolve({"Fn::Sub": f"{before}${{P}}{after}"})
    assert subbed == resolver.resolve({"Fn::Join": ["", [before, {"Ref": "P"}, after]]})


@given(st.text())
def test_base64_can_be_read_back(text: str) -> None:
    encoded = make_resolver().resolve({"Fn::Base64": text})
    assert base64.b64decode(encoded).decode() == text


@given(st.booleans(), st.booleans())
def test_de_morgan(first: bool, second: bool) -> None:
    conditions: dict[str, Any] = {
        "A": {"Fn::Equals": [first, True]},
        "B": {"Fn::Equals": [second, True]},
        "Neither": {"Fn::Not": [{"Fn::Or": [{"Condition": "A"}, {"Condition": "B"}]}]},
        "NoneOfBoth": {
            "Fn::And": [{"Fn::Not": [{"Condition": "A"}]}, {"Fn::Not": [{"Condition": "B"}]}]
        },
    }
    resolver = make_resolver(conditions=conditions)
    assert resolver.condition("Neither") == resolver.condition("NoneOfBoth")
    assert resolver.condition("Neither") == (not (first or second))
