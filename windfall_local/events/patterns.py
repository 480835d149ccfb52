"""Event patterns, compiled once into closures that answer in microseconds.

A pattern is first flattened: every way through its `$or`s is one alternative, a set of paths with
the values that each takes. An alternative matches when all its paths do, with array elements
taken consistently: two paths below one array must match in the same element. `exists: false` is
decided over the whole event before the rest.

As EventBridge does it, a dot in a key is the same as one level more, in patterns and in events.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from windfall_local.events.errors import InvalidPatternError
from windfall_local.events.matchers import RESERVED_IN_OR, Matcher, compile_exact, compile_matcher
from windfall_local.events.wildcards import refuse_complexity

MOST_ALTERNATIVES = 1_000  # `$or` combinations, from the user guide

_Path = tuple[str, ...]
_Fields = dict[_Path, list[Any]]
_Test = Callable[[Any], bool]

_MISSING: Any = object()


class Pattern:
    """A compiled event pattern.

    Args:
        alternatives: One set of fields per way through the pattern's `$or`s.
    """

    def __init__(self, alternatives: list[_Fields]) -> None:
        self._tests = [_compile_alternative(fields) for fields in alternatives]

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether an event, as parsed JSON, matches."""
        return any(test(event) for test in self._tests)


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """Compile a pattern from its JSON.

    Raises:
        InvalidPatternError: EventBridge refuses it, for the reason in the message.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidPatternError(f"Filter is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidPatternError("Filter is not an object")
    alternatives: list[_Fields] = [{}]
    _flatten(document, (), alternatives)
    return Pattern(alternatives)


def _refuse_constant(name: str) -> Any:
    raise InvalidPatternError(f"Filter is not valid JSON: {name}")


# --- Flattening ------------------------------------------------------------------------------


def _flatten(document: dict[str, Any], path: _Path, alternatives: list[_Fields]) -> None:
    if not document:
        raise InvalidPatternError("Empty objects are not allowed")
    for key, value in document.items():
        if key == "$or" and _is_or(value):
            alternatives[:] = _branch(value, path, alternatives)
            continue
        below = (*path, *key.split("."))
        if isinstance(value, dict):
            _flatten(value, below, alternatives)
        elif isinstance(value, list):
            _check_values(value)
            for fields in alternatives:
                fields[below] = value
        else:
            raise InvalidPatternError(f'"{key}" must be an object or an array')


def _is_or(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(isinstance(branch, dict) for branch in value)
        and not any(RESERVED_IN_OR & branch.keys() for branch in value)
    )


def _branch(
    branches: list[dict[str, Any]], path: _Path, alternatives: list[_Fields]
) -> list[_Fields]:
    result: list[_Fields] = []
    for branch in branches:
        copies = [dict(fields) for fields in alternatives]
        _flatten(branch, path, copies)
        result += copies
        if len(result) > MOST_ALTERNATIVES:
            raise InvalidPatternError(
                f"Rule is too complex: over {MOST_ALTERNATIVES} rule combinations of $or"
            )
    return result


def _check_values(values: list[Any]) -> None:
    if not values:
        raise InvalidPatternError("Empty arrays are not allowed")
    wildcards: list[str] = []
    for value in values:
        if isinstance(value, list):
            raise InvalidPatternError("Match value must be String, number, true, false, or null")
        if not isinstance(value, dict):
            continue
        if "exists" in value:
            _check_exists(value)
        else:
            compile_matcher(value)
            wildcards += _wildcards_of(value)
    refuse_complexity(wildcards)


def _check_exists(expression: dict[str, Any]) -> None:
    if not isinstance(expression["exists"], bool):
        raise InvalidPatternError("exists match pattern must be either true or false.")
    if len(expression) > 1:
        raise InvalidPatternError("Only one key allowed in match expression")


def _wildcards_of(expression: dict[str, Any]) -> list[str]:
    excluded = expression.get("anything-but")
    operand = expression.get("wildcard", [])
    if isinstance(excluded, dict):
        operand = excluded.get("wildcard", [])
    return operand if isinstance(operand, list) else [operand]


# --- Compiling -------------------------------------------------------------------------------


def _compile_alternative(fields: _Fields) -> _Test:
    optional = [path for path, values in fields.items() if {"exists": False} in values]
    present = {
        path: [v for v in values if v != {"exists": False}] for path, values in fields.items()
    }
    if not optional:
        return _compile_tree(present)

    trees: dict[frozenset[_Path], _Test] = {}

    def matches(event: Any) -> bool:
        absent = frozenset(path for path in optional if not _has_leaf(event, path))
        if any(path not in absent and not present[path] for path in optional):
            return False
        tree = trees.get(absent)
        if tree is None:
            tree = trees[absent] = _compile_tree(
                {path: values for path, values in present.items() if path not in absent}
            )
        return tree(event)

    return matches


def _compile_tree(fields: _Fields) -> _Test:
    """All fields below one node; those that share a first step are one child."""
    if not fields:
        return lambda _: True
    leaves = [(path[0], _compile_leaf(fields[path])) for path in fields if len(path) == 1]
    below: dict[str, _Fields] = {}
    for path, values in fields.items():
        if len(path) > 1:
            below.setdefault(path[0], {})[path[1:]] = values
    children = leaves + [(key, _compile_tree(nested)) for key, nested in below.items()]
    dotted = frozenset(
        ".".join(path[:length]) for path in fields for length in range(2, len(path) + 1)
    )

    def matches(node: Any) -> bool:
        if type(node) is dict:
            if dotted and not dotted.isdisjoint(node):
                node = _split_dots(node)
            for key, test in children:
                value = node.get(key, _MISSING)
                if value is _MISSING or not test(value):
                    return False
            return True
        return type(node) is list and any(matches(element) for element in node)

    return matches


def _compile_leaf(values: list[Any]) -> _Test:
    expressions = [value for value in values if isinstance(value, dict)]
    if {"exists": True} in expressions:
        return _has_scalar
    matchers: list[Matcher] = [compile_matcher(expression) for expression in expressions]
    exact = [value for value in values if not isinstance(value, dict)]
    if exact:
        matchers.insert(0, compile_exact(exact))
    match = matchers[0] if len(matchers) == 1 else _any_of(matchers)

    def matches(node: Any) -> bool:
        if type(node) is list:
            return any(matches(element) for element in node)
        return type(node) is not dict and match(node)

    return matches


def _any_of(matchers: list[Matcher]) -> Matcher:
    return lambda value: any(matcher(value) for matcher in matchers)


# --- Walking events --------------------------------------------------------------------------


def _has_scalar(node: Any) -> bool:
    if type(node) is list:
        return any(_has_scalar(element) for element in node)
    return type(node) is not dict


def _has_leaf(node: Any, path: _Path) -> bool:
    if not path:
        return _has_scalar(node)
    if type(node) is list:
        return any(_has_leaf(element, path) for element in node)
    if type(node) is not dict:
        return False
    return any(
        _has_leaf(node[key], path[length:])
        for length in range(1, len(path) + 1)
        if (key := ".".join(path[:length])) in node
    )


def _split_dots(node: dict[str, Any]) -> dict[str, Any]:
    """The same object with `{"a.b": 1}` written as `{"a": {"b": 1}}`."""
    result: dict[str, Any] = {}
    for key, value in node.items():
        nested = value
        first, *rest = key.split(".")
        for step in reversed(rest):
            nested = {step: nested}
        result[first] = _merge(result[first], nested) if first in result else nested
    return result


def _merge(one: Any, other: Any) -> Any:
    if type(one) is dict and type(other) is dict:
        merged = dict(one)
        for key, value in other.items():
            merged[key] = _merge(merged[key], value) if key in merged else value
        return merged
    return [one, other]
