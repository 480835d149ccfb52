"""Condition operators, by the examples and tables of AWS's IAM user guide."""

from __future__ import annotations

from typing import Any

import pytest

from windfall_local.identity.conditions import fulfilled, read_conditions, substitute

NOW = "2026-11-23T14:00:00Z"


def holds(block: dict[str, Any], context: dict[str, Any]) -> bool:
    keys = {
        name.lower(): tuple(value) if isinstance(value, list) else (value,)
        for name, value in context.items()
    }
    return fulfilled(read_conditions(block), keys)


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", "A", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEqualsIgnoreCase", "a", "A", False),
        ("StringLike", "in/*", "in/a/b", True),
        ("StringLike", "in/?", "in/ab", False),
        ("StringNotLike", "in/*", "in/a", False),
        ("NumericEquals", "10", "10.0", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", 10, "11", True),
        ("NumericGreaterThanEquals", "10", "9", False),
        ("NumericEquals", "10", "ten", False),
        ("DateEquals", NOW, NOW, True),
        ("DateNotEquals", NOW, NOW, False),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", NOW, True),
        ("DateLessThan", "2026-01-01T00:00:00Z", NOW, False),
        ("DateLessThanEquals", "2026-11-23T15:00:00+01:00", NOW, True),
        ("DateGreaterThanEquals", "1795442400", NOW, True),
        ("Bool", "true", "true", True),
        ("Bool", True, "true", True),
        ("Bool", "false", "true", False),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "b3RoZXI=", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.10", True),
        ("IpAddress", "203.0.113.0/24", "198.51.100.1", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
        ("ArnEquals", "arn:aws:sns:*:1:topic", "arn:aws:sns:us-east-1:1:topic", True),
        ("ArnLike", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket", True),
        ("ArnLike", "arn:aws:sns:*:topic", "arn:aws:sns:us-east-1:1:topic", False),
        ("ArnNotLike", "arn:aws:sns:*:1:*", "arn:aws:sqs:us-east-1:1:q", True),
        ("ArnNotEquals", "arn:aws:sns:*:1:*", "arn:aws:sns:us-east-1:1:t", False),
    ],
)
def test_an_operator(operator: str, wanted: Any, given: str, expected: bool) -> None:
    assert holds({operator: {"aws:Key": wanted}}, {"aws:Key": given}) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("NumericLessThan", False),
        ("NotIpAddress", True),
        ("ArnNotLike", True),
        ("Bool", False),
        ("BoolIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
def test_an_absent_key(operator: str, expected: bool) -> None:
    assert holds({operator: {"aws:Key": "1"}}, {}) is expected


@pytest.mark.parametrize(
    ("wanted", "context", "expected"),
    [
        ("true", {}, True),
        ("true", {"aws:Key": "x"}, False),
        ("false", {"aws:Key": "x"}, True),
        (False, {}, False),
    ],
)
def test_null(wanted: Any, context: dict[str, str], expected: bool) -> None:
    assert holds({"Null": {"aws:Key": wanted}}, context) is expected


@pytest.mark.parametrize(
    ("operator", "given", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAnyValue:StringEquals", ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["c"], False),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "d"], False),
        ("ForAnyValue:StringNotEquals", ["a", "d"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("ForAllValues:StringLike", ["a"], True),
    ],
)
def test_several_values(operator: str, given: list[str], expected: bool) -> None:
    assert holds({operator: {"aws:TagKeys": ["a", "b"]}}, {"aws:TagKeys": given}) is expected


def test_every_key_and_every_operator_must_hold() -> None:
    block = {"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}

    assert holds(block, {"a": "1", "b": "2", "c": "true"})
    assert not holds(block, {"a": "1", "b": "x", "c": "true"})
    assert not holds(block, {"a": "1", "b": "2", "c": "false"})


def test_names_of_keys_have_no_case() -> None:
    assert holds({"StringEquals": {"AWS:sourceaccount": "1"}}, {"aws:SourceAccount": "1"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("home/${aws:username}/*", "home/ann/*"),
        ("${aws:missing}", None),
        ("${aws:missing, 'company'}/x", "company/x"),
        ("${$}{x}", "${x}"),
        ("plain", "plain"),
    ],
)
def test_variables(text: str, expected: str | None) -> None:
    assert substitute(text, {"aws:username": ("ann",)}) == expected


def test_a_variables_value_is_no_pattern() -> None:
    block = {"StringLike": {"s3:prefix": "${aws:username}"}}

    assert not holds(block, {"aws:username": "*", "s3:prefix": "anything"})
    assert holds(block, {"aws:username": "*", "s3:prefix": "*"})


def test_an_escaped_wildcard_is_a_character() -> None:
    assert holds({"StringLike": {"k": "a${*}b"}}, {"k": "a*b"})
    assert not holds({"StringLike": {"k": "a${*}b"}}, {"k": "axb"})


def test_an_operator_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="StringEqual"):
        read_conditions({"StringEqual": {"a": "b"}})
