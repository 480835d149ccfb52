"""X-Ray's filter expressions, as far as they are understood here.

`annotation.name = "value"` (or `annotation[name]`), `service("name")`, `fault`, `error`, `throttle`
and `ok`, joined by AND.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from windfall_local.api import ServiceError, UnsupportedOperationError

Document = dict[str, Any]
Test = Callable[[list[Document]], bool]

_ANNOTATION = re.compile(r'annotation(?:\.(\w+)|\[(\w+)\])\s*=\s*"([^"]*)"')
_SERVICE = re.compile(r'service\(\s*"([^"]*)"\s*\)')
_AND = re.compile(r"\s+AND\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")
_KINDS = ("fault", "error", "throttle")
_LONGEST = 2_000


def filter_of(expression: str) -> Test:
    """Whether a trace, by all its parts, is looked for.

    Raises:
        UnsupportedOperationError: It says something that is not understood here.
    """
    if len(expression) > _LONGEST:
        raise ServiceError("InvalidRequestException", f"An expression has at most {_LONGEST}.")
    tests = [_test_of(part.strip()) for part in _AND.split(expression.strip())]
    return lambda parts: all(test(parts) for test in tests)


def has(parts: list[Document], kind: str) -> bool:
    """Whether any part of a trace failed in a way."""
    return any(part.get(kind) is True for part in parts)


def _test_of(term: str) -> Test:
    annotation, service = _ANNOTATION.fullmatch(term), _SERVICE.fullmatch(term)
    if annotation is not None:
        name, value = annotation[1] or annotation[2], annotation[3]
        return lambda parts: any(
            str(part.get("annotations", {}).get(name)) == value for part in parts
        )
    if service is not None:
        return lambda parts: any(part["name"] == service[1] for part in parts)
    if term in _KINDS:
        return lambda parts: has(parts, term)
    if term in ("", "ok"):
        return lambda parts: not term or not any(has(parts, kind) for kind in _KINDS)
    raise UnsupportedOperationError(
        f"The local X-Ray does not understand {term!r}; it knows annotation.NAME = "
        '"VALUE", service("NAME"), fault, error, throttle, ok and AND.'
    )
