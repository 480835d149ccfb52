"""Why a feature or an analysis ended badly, in words for a person.

A machine that catches an error makes the outcome's reason out of its name and its cause. When a
function raised it, the cause is Lambda's JSON with the whole stack trace; when an execution inside
the execution failed, it is that execution as JSON, with an error and a cause of its own.
"""

from __future__ import annotations

import json
import re

_MOST_LAYERS = 5
"""Function in a nested execution in an execution are three."""


def reason_of(error: str | None, cause: str | None) -> str:
    """`<error>: <message>`, the innermost that is told."""
    name, told = error or "", (cause or "").strip()
    for _ in range(_MOST_LAYERS):
        inner = _inner(told)
        if inner is None:
            break
        name, told = inner[0] or name, inner[1].strip()
    return ": ".join(part for part in (name, told) if part)


def readable(reason: str) -> str:
    """A reason without the JSON that a machine put into it; any other reason as it is."""
    error, brace, rest = reason.partition(": {")
    return reason_of(error, f"{{{rest}") if brace else reason.removesuffix(": ")


def _inner(cause: str) -> tuple[str, str] | None:
    """The error and the message or cause in a JSON cause; None when there is none in it."""
    if not cause.startswith("{"):
        return None
    for error, message in (("errorType", "errorMessage"), ("Error", "Cause")):
        told = _field(cause, message)
        if told is not None:
            return _field(cause, error) or "", told
    arn = _field(cause, "ExecutionArn")
    # Stopped by somebody, without a word; or its words were cut off, since its input goes before.
    return None if arn is None else ("", f"An execution inside this one broke off: {arn}")


def _field(cause: str, name: str) -> str | None:
    """A text of a JSON object, which the machine may have cut off anywhere."""
    try:
        document = json.loads(cause)
    except ValueError:
        return _field_of_cut(cause, name)
    value = document.get(name)
    return value if isinstance(value, str) else None


def _field_of_cut(cause: str, name: str) -> str | None:
    match = re.search(rf'"{name}"\s*:\s*"((?:[^"\\]|\\.)*)("?)', cause)
    if match is None:
        return None
    raw, closed = match.groups()
    try:
        text = str(json.loads(f'"{raw}"'))
    except ValueError:  # cut off within an escape
        text = raw
    return text if closed else f"{text}…"
