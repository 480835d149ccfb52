"""Condition blocks: every operator, the set operators, IfExists and policy variables.

Written from AWS's "IAM JSON policy elements: Condition operators", "Single-valued vs.
multivalued context keys" and "Variables and tags".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from windfall_local.identity.wildcards import (
    ANY_QUESTION,
    ANY_STAR,
    arn_matches,
    literal,
    matches,
)

Context = Mapping[str, tuple[str, ...]]
"""A request's condition keys, lower-case, with their values; an absent key is not in it."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ESCAPES = {"*": ANY_STAR, "?": ANY_QUESTION, "$": "$"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of one operator.

    Attributes:
        operator: Without its prefix and suffix: `StringLike`.
        quantifier: Of a set operator: `all` (ForAllValues), `any` (ForAnyValue), or "".
        if_exists: Whether an absent key fulfils it.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: Literal["", "all", "any"]
    if_exists: bool


def read_conditions(block: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Read a Condition block.

    Raises:
        ValueError: It names an operator that does not exist.
    """
    found = []
    for name, keys in block.items():
        operator, quantifier, if_exists = _operator(name)
        for key, values in keys.items():
            listed = values if isinstance(values, list) else [values]
            found.append(
                Condition(operator, key.lower(), tuple(map(_text, listed)), quantifier, if_exists)
            )
    return tuple(found)


def _operator(name: str) -> tuple[str, Literal["", "all", "any"], bool]:
    quantifier: Literal["", "all", "any"] = ""
    plain = name
    if plain.startswith("ForAllValues:"):
        quantifier, plain = "all", plain.removeprefix("ForAllValues:")
    elif plain.startswith("ForAnyValue:"):
        quantifier, plain = "any", plain.removeprefix("ForAnyValue:")
    if_exists = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    if plain != "Null" and plain not in _TESTS:
        raise ValueError(f"The condition operator {name} does not exist.")
    return plain, quantifier, if_exists


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def fulfilled(conditions: Iterable[Condition], context: Context, *, variables: bool = True) -> bool:
    """Whether a request fulfils every condition."""
    return all(_fulfils(condition, context, variables) for condition in conditions)


def _fulfils(condition: Condition, context: Context, variables: bool) -> bool:
    given = context.get(condition.key)
    if condition.operator == "Null":
        return any((value.lower() == "true") is (given is None) for value in condition.values)
    wanted = condition.values
    if variables:
        wanted = tuple(
            text for text in (substitute(value, context) for value in wanted) if text is not None
        )
    test = _TESTS[condition.operator]
    negated = condition.operator in _NEGATED
    if given is None:
        return (
            condition.if_exists
            or condition.quantifier == "all"
            or (negated and condition.quantifier == "")
        )
    results = (_holds(test, value, wanted, negated) for value in given)
    return any(results) if condition.quantifier == "any" else all(results)


def _holds(
    test: Callable[[str, str], bool], value: str, wanted: tuple[str, ...], negated: bool
) -> bool:
    # A negated operator is true when none of its values matches.
    return any(test(value, pattern) for pattern in wanted) is not negated


def substitute(text: str, context: Context) -> str | None:
    """A text with its policy variables replaced; None when one has no value."""
    if "${" not in text:
        return text
    missing = False

    def replace(match: re.Match[str]) -> str:
        nonlocal missing
        name, comma, default = match.group(1).partition(",")
        if name in _ESCAPES:
            return _ESCAPES[name]
        values = context.get(name.strip().lower())
        if values is not None and len(values) == 1:
            # A value is no pattern, whatever characters are in it.
            return values[0].replace("*", ANY_STAR).replace("?", ANY_QUESTION)
        if comma:
            return default.strip().strip("'")
        missing = True
        return ""

    replaced = _VARIABLE.sub(replace, text)
    return None if missing else replaced


# --- The tests: does the request's value match the policy's? ------------------------------------


def _string_equals(value: str, wanted: str) -> bool:
    return value == literal(wanted)


def _equals_ignoring_case(value: str, wanted: str) -> bool:
    return value.lower() == literal(wanted).lower()


def _string_like(value: str, wanted: str) -> bool:
    return matches(wanted, value)


def _arn_like(value: str, wanted: str) -> bool:
    return arn_matches(wanted, value)


def _bool(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _binary(value: str, wanted: str) -> bool:
    try:
        return base64.b64decode(value) == base64.b64decode(wanted)
    except binascii.Error:
        return False


def _ip_address(value: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _numeric(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return test


def _date(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(_epoch(value), _epoch(wanted))
        except ValueError:
            return False

    return test


def _epoch(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "NotEquals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}

# The tests of negated operators are the positive ones; `_holds` turns them round.
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _string_equals,
    "StringNotEquals": _string_equals,
    "StringEqualsIgnoreCase": _equals_ignoring_case,
    "StringNotEqualsIgnoreCase": _equals_ignoring_case,
    "StringLike": _string_like,
    "StringNotLike": _string_like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "ArnNotEquals": _arn_like,
    "ArnNotLike": _arn_like,
    "Bool": _bool,
    "BinaryEquals": _binary,
    "IpAddress": _ip_address,
    "NotIpAddress": _ip_address,
    **{f"Numeric{name}": _numeric(compare) for name, compare in _COMPARISONS.items()},
    **{f"Date{name}": _date(compare) for name, compare in _COMPARISONS.items()},
}

_NEGATED = frozenset(name for name in _TESTS if "Not" in name)
