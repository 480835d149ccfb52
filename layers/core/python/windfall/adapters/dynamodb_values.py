"""Values in DynamoDB's notation, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Item = dict[str, dict[str, Any]]


def wire(values: Mapping[str, Any]) -> Item:
    """Attributes in DynamoDB's notation; None is left out."""
    return {name: _wire(value) for name, value in values.items() if value is not None}


def _wire(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case Decimal():
            return {"N": format(value, "f")}
        case bytes():
            return {"B": value}
        case _:
            return {"S": str(value)}


def plain(item: Item) -> dict[str, Any]:
    """DynamoDB's notation as plain values; numbers are floats or, without a point, integers."""
    return {name: _plain(value) for name, value in item.items()}


def _plain(value: dict[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return float(content) if any(mark in content for mark in ".eE") else int(content)
    return content


def key_of(pk: str, sk: str) -> Item:
    """The key of a row."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}
