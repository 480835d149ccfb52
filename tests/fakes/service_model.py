"""Checks an answer against botocore's model of a service, further than botocore itself does."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from botocore.model import Shape
from botocore.session import get_session

_KINDS: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": datetime,
    "blob": bytes,
}

_PATTERNS = {
    r"[\P{M}\p{M}]": r"[\s\S]",
    r"\p{ASCII}": r"[\x00-\x7f]",
    r"[\p{Print}]": r"[\x20-\x7e]",
    r"\z": r"\Z",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{L}": r"\w",
    r"\p{M}": r"\u0300-\u036f",
    r"\p{N}": r"\d",
    r"\p{P}": r"!-/:-@\[-`{-~",
    r"\p{S}": r"$+<=>^`|~",
    r"\p{Z}": r"\s",
}
"""Java's classes of characters, as the models use them, and Python's."""


@cache
def _service(name: str) -> Any:
    return get_session().get_service_model(name)


def model_violations(service: str, operation: str, answer: dict[str, Any]) -> list[str]:
    """What in an answer the model does not allow: unknown and missing members, types, ranges."""
    shape = _service(service).operation_model(operation).output_shape
    return list(_violations(shape, answer, operation))


def request_violations(service: str, operation: str, request: dict[str, Any]) -> list[str]:
    """What in a request the model does not allow."""
    shape = _service(service).operation_model(operation).input_shape
    return list(_violations(shape, request, operation))


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    kind = _KINDS[shape.type_name]
    # Python counts a truth value among the integers; the wire does not.
    alike: Any = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not alike:
        yield f"{path} is {type(value).__name__}, not {shape.type_name}"
        return
    yield from _range_violations(shape, value, path)
    if shape.type_name == "structure":
        yield from (f"{path}.{name} is unknown" for name in value.keys() - shape.members.keys())
        missing = set(shape.required_members) - set(value)
        yield from (f"{path}.{name} is missing" for name in missing)
        for name in value.keys() & shape.members.keys():
            yield from _violations(shape.members[name], value[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            yield from _violations(shape.member, item, f"{path}[{number}]")


def _range_violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    metadata = shape.metadata
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{path} is {value}"
    if isinstance(value, str):
        if metadata.get("enum") and value not in metadata["enum"]:
            yield f"{path} is {value}, none of the model's words"
        pattern = metadata.get("pattern") or ""
        for java, python in _PATTERNS.items():
            pattern = pattern.replace(java, python)
        if pattern and not re.fullmatch(pattern, value):
            yield f"{path} is {value}, not {pattern}"
    size = len(value) if isinstance(value, str | bytes | list | dict) else value
    if isinstance(size, int | float) and not (
        metadata.get("min", -math.inf) <= size <= metadata.get("max", math.inf)
    ):
        yield f"{path} is out of range: {size}"
