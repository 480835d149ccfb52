"""A request against the lengths, ranges, patterns and words of botocore's model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import Shape

from windfall_local.api import ServiceError
from windfall_local.wire.models import operation_model

_JAVA_ONLY = (r"\p{", r"\P{", r"\z")
"""What Python's patterns don't know; such a pattern is passed over."""


def check_constraints(
    service: str, operation: str, parameters: dict[str, Any], code: str = "ValidationException"
) -> None:
    """Refuse what the model does not allow, in AWS's words.

    Raises:
        ServiceError: It names every member that is wrong.
    """
    shape = operation_model(service, operation).input_shape
    found = list(_violations(shape, parameters, "")) if shape is not None else []
    if found:
        errors = "error" if len(found) == 1 else "errors"
        message = f"{len(found)} validation {errors} detected: {'; '.join(found)}"
        raise ServiceError(code, message)


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    rule = _broken_rule(shape, value)
    if rule is not None:
        shown = value if not isinstance(value, list | dict | bytes) else f"[{len(value)} items]"
        yield f"Value '{shown}' at '{path}' failed to satisfy constraint: {rule}"
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, item in value.items():
            if name in shape.members and item is not None:
                inner = name[:1].lower() + name[1:]
                yield from _violations(
                    shape.members[name], item, f"{path}.{inner}" if path else inner
                )
    elif shape.type_name == "list" and isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from _violations(shape.member, item, f"{path}.{number}.member")


def _broken_rule(shape: Shape, value: Any) -> str | None:
    metadata = shape.metadata
    words = metadata.get("enum")
    if isinstance(value, str) and words and value not in words:
        return f"Member must satisfy enum value set: [{', '.join(words)}]"
    sized = isinstance(value, str | bytes | list | dict)
    size: Any = len(value) if sized else value
    if isinstance(size, int | float) and not isinstance(size, bool):
        least, most = metadata.get("min"), metadata.get("max")
        measured = "have length" if sized else "have value"
        if least is not None and size < least:
            return f"Member must {measured} greater than or equal to {least}"
        if most is not None and size > most:
            return f"Member must {measured} less than or equal to {most}"
    pattern = metadata.get("pattern")
    if isinstance(value, str) and pattern and not _matches(pattern, value):
        return f"Member must satisfy regular expression pattern: {pattern}"
    return None


def _matches(pattern: str, value: str) -> bool:
    if any(part in pattern for part in _JAVA_ONLY):
        return True
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
