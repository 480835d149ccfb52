"""Attribute values of moto's rows, written as they are.

moto looks for each of the ten types in every value of a row, under every name that it may have: a
page of 250 rows took a sixth of a second. A value of DynamoDB names its type itself.
"""

from __future__ import annotations

from typing import Any

_PLAIN = frozenset({"S", "N", "BOOL", "SS", "NS"})
"""Types whose values are written in JSON as moto has them."""


def fit_attributes() -> None:
    """Adapt moto; called once."""
    from moto.core.serialize import JSONSerializer  # noqa: PLC0415 - see `moto_fit.backends`

    serialize = JSONSerializer._serialize_type_structure

    def serialize_quickly(
        serializer: Any, serialized: dict[str, Any], value: Any, shape: Any, key: str
    ) -> None:
        if shape.name == "AttributeValue" and key and _is_plain(value):
            serialized[serializer.get_serialized_name(shape, key)] = value
        else:
            serialize(serializer, serialized, value, shape, key)

    JSONSerializer._serialize_type_structure = serialize_quickly


def _is_plain(value: Any) -> bool:
    return type(value) is dict and len(value) == 1 and next(iter(value)) in _PLAIN
