"""Values for parameters."""

from __future__ import annotations

from typing import Any

import pytest

from windfall_local.template import TemplateError, UnsupportedTemplateError
from windfall_local.template.parameters import choose, typed


def template_with(**definition: Any) -> dict[str, Any]:
    return {"Parameters": {"P": {"Type": "String", **definition}}}


def test_a_given_value_goes_before_the_default() -> None:
    assert choose(template_with(Default="a"), {}) == {"P": "a"}
    assert choose(template_with(Default="a"), {"P": "b"}) == {"P": "b"}
    assert choose(template_with(Type="Number", Default=5), {}) == {"P": "5"}


def test_lists_become_lists() -> None:
    template = template_with(Type="CommaDelimitedList", Default="a, b")
    assert typed(template, choose(template, {})) == {"P": ["a", "b"]}


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        ({"AllowedValues": ["a", "b"]}, "c"),
        ({"Type": "Number", "AllowedValues": [1, 3]}, "2"),
        ({"AllowedPattern": "[a-z]+"}, "A"),
        ({"MinLength": 2}, "a"),
        ({"MaxLength": 2}, "abc"),
        ({"Type": "Number", "MinValue": 2}, "1"),
        ({"Type": "Number", "MaxValue": 2}, "3"),
        ({"Type": "Number"}, "three"),
    ],
)
def test_values_that_are_not_allowed(definition: dict[str, Any], value: str) -> None:
    with pytest.raises(TemplateError, match="P: "):
        choose(template_with(**definition), {"P": value})


def test_the_authors_own_words_are_used() -> None:
    template = template_with(AllowedPattern="x", ConstraintDescription="must be x")
    with pytest.raises(TemplateError, match="P: must be x"):
        choose(template, {"P": "y"})


def test_unknown_and_missing_parameters_are_all_named() -> None:
    with pytest.raises(TemplateError, match=r"P has no default.*Q is no parameter"):
        choose(template_with(), {"Q": "x"})


def test_types_that_ask_aws_are_refused() -> None:
    with pytest.raises(UnsupportedTemplateError, match="AWS::EC2"):
        choose(template_with(Type="AWS::EC2::KeyPair::KeyName"), {"P": "x"})
