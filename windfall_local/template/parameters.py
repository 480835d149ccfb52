"""Values for a template's parameters, checked as CloudFormation checks them."""

from __future__ import annotations

import re
from typing import Any

from windfall_local.template.errors import TemplateError, UnsupportedTemplateError
from windfall_local.template.load import Template

_KNOWN = frozenset(
    {
        "Type",
        "Default",
        "AllowedValues",
        "AllowedPattern",
        "ConstraintDescription",
        "Description",
        "MaxLength",
        "MinLength",
        "MaxValue",
        "MinValue",
        "NoEcho",
    }
)
_TYPES = frozenset({"String", "Number", "CommaDelimitedList", "List<Number>", "List<String>"})


def choose(template: Template, given: dict[str, str]) -> dict[str, str]:
    """A value for every parameter: the given one, or its default, as text.

    Raises:
        TemplateError: One is missing, unknown, or not allowed; all of them are named.
    """
    definitions = template.get("Parameters") or {}
    problems = [f"{name} is no parameter of this template" for name in given.keys() - definitions]
    values: dict[str, str] = {}
    for name, definition in definitions.items():
        strange = sorted(definition.keys() - _KNOWN)
        if strange or definition.get("Type") not in _TYPES:
            what = ", ".join(strange) or f"Type {definition.get('Type')}"
            raise UnsupportedTemplateError([f"parameter {name}: {what}"])
        if name not in given and "Default" not in definition:
            problems.append(f"{name} has no default and no value")
            continue
        values[name] = _as_text(given.get(name, definition.get("Default")))
        if problem := _check(definition, values[name]):
            problems.append(f"{name}: {definition.get('ConstraintDescription') or problem}")
    if problems:
        raise TemplateError("Parameters: " + "; ".join(sorted(problems)) + ".")
    return values


def typed(template: Template, values: dict[str, str]) -> dict[str, Any]:
    """The values as `Ref` gives them: lists are lists."""
    definitions = template.get("Parameters") or {}
    return {
        name: [item.strip() for item in value.split(",")]
        if definitions[name]["Type"] not in {"String", "Number"}
        else value
        for name, value in values.items()
    }


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _check(definition: dict[str, Any], value: str) -> str | None:
    allowed = definition.get("AllowedValues")
    if allowed is not None and value not in map(_as_text, allowed):
        return f"{value!r} is none of {', '.join(map(_as_text, allowed))}"
    pattern = definition.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, value):
        return f"{value!r} does not match {pattern}"
    if not int(definition.get("MinLength", 0)) <= len(value):
        return f"{value!r} is shorter than {definition['MinLength']}"
    if "MaxLength" in definition and len(value) > int(definition["MaxLength"]):
        return f"{value!r} is longer than {definition['MaxLength']}"
    return _check_number(definition, value) if definition["Type"] == "Number" else None


def _check_number(definition: dict[str, Any], value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return f"{value!r} is no number"
    if "MinValue" in definition and number < float(definition["MinValue"]):
        return f"{value} is less than {definition['MinValue']}"
    if "MaxValue" in definition and number > float(definition["MaxValue"]):
        return f"{value} is more than {definition['MaxValue']}"
    return None
