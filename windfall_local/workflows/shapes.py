"""Between a Task's JSON and boto3's parameters and responses, by botocore's models.

Step Functions names every member as the SDK for Java does, with an upper-case first letter
(`StateMachineArn`); boto3 names it as the service does (`stateMachineArn`). Blobs and times have
no JSON of their own.
"""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from windfall_local.workflows.documents import dump, load
from windfall_local.workflows.failures import RUNTIME, StateFailure

_JSON_TEXT_MEMBERS = frozenset({"Input", "Detail", "MessageBody", "Message", "Payload"})
"""Text members that the optimized integrations take as JSON."""


def iso_time(seconds: float) -> str:
    """A time as Step Functions writes it, in UTC with milliseconds."""
    moment = datetime.fromtimestamp(math.floor(seconds * 1000) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def outer_name(member: str) -> str:
    """A member's name in a state machine."""
    return member[0].upper() + member[1:]


@lru_cache(maxsize=2048)
def member_names(shape: StructureShape) -> dict[str, str]:
    """A structure's members: the name in a state machine (lower case) to botocore's."""
    return {name.lower(): name for name in shape.members}


def to_parameters(shape: Shape | None, value: Any, *, json_text: bool) -> Any:
    """What boto3 takes for a Task's arguments.

    Args:
        shape: The operation's input.
        value: The arguments.
        json_text: Whether objects may stand for JSON text, as in the optimized integrations.

    Raises:
        StateFailure: `States.Runtime`, a member is unknown or of the wrong type.
    """
    if value is None or shape is None:
        return value
    if isinstance(shape, StructureShape):
        return _to_structure(shape, value, json_text)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise _unfit(shape, value)
        return [to_parameters(shape.member, item, json_text=json_text) for item in value]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            raise _unfit(shape, value)
        return {
            key: to_parameters(shape.value, item, json_text=json_text)
            for key, item in value.items()
        }
    if shape.type_name == "blob":
        return value.encode() if isinstance(value, str) else dump(value).encode()
    if shape.type_name == "string" and not isinstance(value, str):
        raise _unfit(shape, value)
    return value


def _unfit(shape: Shape, value: Any) -> StateFailure:
    return StateFailure(
        RUNTIME, f"The value '{dump(value)[:200]}' does not fit the parameter {shape.name}."
    )


def _to_structure(shape: StructureShape, value: Any, json_text: bool) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unfit(shape, value)
    if shape.is_document_type:
        return value
    names = member_names(shape)
    members: dict[str, Any] = {}
    for key, item in value.items():
        name = names.get(key.lower())
        if name is None:
            raise StateFailure(RUNTIME, f"The field '{key}' is not supported by Step Functions.")
        inner = shape.members[name]
        if json_text and key in _JSON_TEXT_MEMBERS and inner.type_name == "string":
            members[name] = item if isinstance(item, str) else dump(item)
        elif item is not None:
            members[name] = to_parameters(inner, item, json_text=json_text)
    return members


def from_response(shape: Shape | None, value: Any) -> Any:
    """A Task's result for what boto3 returns."""
    if value is None or shape is None:
        return value
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return value
        return {
            outer_name(name): from_response(shape.members[name], item)
            for name, item in value.items()
            if name in shape.members and item is not None
        }
    if isinstance(shape, ListShape):
        return [from_response(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: from_response(shape.value, item) for key, item in value.items()}
    return _from_scalar(value)


def _from_scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_time(value.timestamp())
    if isinstance(value, bytes | bytearray):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def payload_value(payload: Any) -> Any:
    """A function's answer: its JSON, or its text where it is none."""
    if isinstance(payload, bytes | bytearray):
        payload = bytes(payload).decode("utf-8", "replace")
    if not payload:
        return None
    try:
        return load(payload)
    except ValueError:
        return payload
