"""Rekognition's own limits on parameters, and the errors that say so."""

from __future__ import annotations

import re
from typing import Any

from windfall_local.api import ServiceError


def invalid(message: str) -> ServiceError:
    """`InvalidParameterException`."""
    return ServiceError("InvalidParameterException", message)


def percentage(parameters: dict[str, Any], name: str, default: float) -> float:
    """A number from 0 to 100.

    Raises:
        ServiceError: It is outside.
    """
    value = float(parameters.get(name, default))
    if not 0 <= value <= 100:
        raise invalid(f"{name} is {value}; it must lie between 0 and 100.")
    return value


def count(parameters: dict[str, Any], name: str, default: int, least: int, most: int) -> int:
    """A whole number within limits.

    Raises:
        ServiceError: It is outside.
    """
    value = int(parameters.get(name, default))
    if not least <= value <= most:
        raise invalid(f"{name} is {value}; it must lie between {least} and {most}.")
    return value


def chosen(parameters: dict[str, Any], name: str, allowed: set[str], default: str) -> set[str]:
    """A list of words out of a set.

    Raises:
        ServiceError: One is not in the set.
    """
    words = set(parameters.get(name) or [default])
    if words - allowed:
        raise invalid(f"{name} has the unknown value {sorted(words - allowed)[0]}.")
    return words


def identifier(parameters: dict[str, Any], name: str, pattern: str) -> str:
    """A name of letters, digits and what the pattern adds, 1 to 255 characters long.

    Raises:
        ServiceError: It is missing or has other characters.
    """
    value = str(parameters.get(name, ""))
    if not re.fullmatch(rf"[a-zA-Z0-9{pattern}]{{1,255}}", value):
        raise invalid(f"{name} must be 1 to 255 characters of [a-zA-Z0-9{pattern}].")
    return value
