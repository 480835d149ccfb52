"""What a TensorFlow.js node says: its inputs and attributes."""

from __future__ import annotations

import base64
from typing import Any

from windfall_local.engines.models.conversion.errors import ConversionError


def inputs_of(node: dict[str, Any]) -> list[str]:
    """The nodes whose values it takes, in their order."""
    # "^name" is a control input; "name:0" is the first output of name.
    return [name.split(":")[0] for name in node.get("input", []) if not name.startswith("^")]


def text_of(value: str) -> str:
    """A text, which attributes hold in base64."""
    return base64.b64decode(value).decode()


def list_of(node: dict[str, Any], attribute: str) -> list[Any]:
    """An attribute that lists numbers or texts; empty when it is not there."""
    values = node.get("attr", {}).get(attribute, {}).get("list", {})
    return [int(item) for item in values.get("i", [])] or [text_of(s) for s in values.get("s", [])]


def flag_of(node: dict[str, Any], attribute: str) -> bool:
    """An attribute that is true or false."""
    return bool(node.get("attr", {}).get(attribute, {}).get("b", False))


def window_of(node: dict[str, Any]) -> dict[str, Any]:
    """Strides and padding; SAME puts the odd pixel at the end, which ONNX calls SAME_UPPER."""
    padding = text_of(node["attr"]["padding"]["s"])
    if padding not in ("SAME", "VALID"):
        raise ConversionError(f"The padding {padding} of {node['name']} is not known.")
    return {
        "strides": list_of(node, "strides")[1:3],
        "auto_pad": "SAME_UPPER" if padding == "SAME" else "VALID",
    }
