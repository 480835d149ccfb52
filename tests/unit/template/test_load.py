"""Reading templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.template import TemplateError
from windfall_local.template.load import load, parse

RESOURCES = "Resources: {A: {Type: T, Properties: {P: %s}}}"


def property_of(text: str) -> Any:
    return parse(RESOURCES % text)["Resources"]["A"]["Properties"]["P"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref B", {"Ref": "B"}),
        ("!Condition B", {"Condition": "B"}),
        ("!GetAtt B.Arn", {"Fn::GetAtt": ["B", "Arn"]}),
        ("!GetAtt B.Endpoint.Port", {"Fn::GetAtt": ["B", "Endpoint.Port"]}),
        ("!GetAtt [B, Arn]", {"Fn::GetAtt": ["B", "Arn"]}),
        ('!Sub "${B}"', {"Fn::Sub": "${B}"}),
        ("!Sub ['${B}', {B: !Ref C}]", {"Fn::Sub": ["${B}", {"B": {"Ref": "C"}}]}),
        ("!If [X, !Ref B, !Ref 'AWS::NoValue']", None),
        ("2012-10-17", "2012-10-17"),
        ("{012: x}", {"10": "x"}),
        ("on", True),
    ],
)
def test_short_forms_and_scalars(text: str, value: Any) -> None:
    expected = value
    if value is None:
        expected = {"Fn::If": ["X", {"Ref": "B"}, {"Ref": "AWS::NoValue"}]}
    assert property_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "Resources: []",
        "Resources: {A: {}}",
        "Resources: {A: {Type: T}, A: {Type: T}}",
        "Resources: {A: {Type: [}}",
        "Resources: !!python/object:os.system {}",
    ],
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse(text)


def test_anchors_and_merges_are_resolved() -> None:
    text = "Resources: {A: {Type: T, Properties: &p {X: 1}}, B: {Type: T, Properties: *p}}"
    assert parse(text)["Resources"]["B"]["Properties"] == {"X": 1}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"none\.yaml"):
        load(tmp_path / "none.yaml")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("abc ${}!", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(json_values)
def test_json_is_read_as_json(value: Any) -> None:
    template = {"Resources": {"A": {"Type": "T", "Properties": {"P": value}}}}
    assert parse(json.dumps(template)) == template
