"""What a resource type is to the provisioner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from windfall_local.api import ACCOUNT, Cloud, Principal, ServiceError

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opaque:
    """A property whose inside the service itself checks: a policy, a pattern, a text."""


ANY = Opaque()
Shape = Opaque | Mapping[str, "Shape"]
"""`ANY`, or the honoured keys of an object, or of every object in a list."""


def unhonoured(shape: Shape, value: Any, path: str = "") -> list[str]:
    """The paths of what is in a value and not in its shape."""
    if isinstance(shape, Opaque):
        return []
    if isinstance(value, list):
        return sorted({found for item in value for found in unhonoured(shape, item, path)})
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for key, item in value.items():
        inner = f"{path}.{key}" if path else str(key)
        found += unhonoured(shape[key], item, inner) if key in shape else [inner]
    return found


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that exists.

    Attributes:
        physical_id: What `Ref` gives.
        attributes: What `Fn::GetAtt` gives.
    """

    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource that is to be.

    Attributes:
        logical_id: Its name in the template.
        name: The name it gets when it has none of its own.
        properties: Resolved.
        metadata: Of the resource, unresolved.
        previous: What a former run made of it.
        unchanged: Its properties are what they were then: leave what others changed since.
    """

    logical_id: str
    name: str
    properties: Properties
    metadata: dict[str, Any] = field(default_factory=dict)
    previous: Made | None = None
    unchanged: bool = False


class Calls:
    """Calls to the cloud as its root user."""

    def __init__(self, cloud: Cloud) -> None:
        self.region = cloud.region
        self.data_dir = Path(cloud.data_dir)
        self._cloud = cloud

    async def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make a call; parameters that are `None` are left out."""
        given = {key: value for key, value in parameters.items() if value is not None}
        answer = await self._cloud.call(service, operation, given, Principal.root())
        return cast(dict[str, Any], answer or {})

    async def find(
        self, service: str, operation: str, *missing: str, **parameters: Any
    ) -> dict[str, Any] | None:
        """Make a call whose error, by a part of its code, means that there is none."""
        try:
            return await self(service, operation, **parameters)
        except ServiceError as error:
            if any(code in error.code for code in missing):
                return None
            raise

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and Region."""
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"


class Kind(Protocol):
    """A resource type."""

    type: str
    honours: ClassVar[Shape]
    attributes: frozenset[str]
    """What `Fn::GetAtt` may ask for."""

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or bring what exists to what is wanted."""
        ...


class Removable(Protocol):
    """A resource type whose resources go when they leave the template."""

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it, if it is still there."""
        ...


def document(value: Any) -> str:
    """A policy, a pattern or a definition as its API takes it: JSON text."""
    return value if isinstance(value, str) else json.dumps(value)


def pick(properties: Properties, *names: str) -> Properties:
    """Those of the named properties that are given."""
    return {name: properties[name] for name in names if name in properties}


def tag_map(properties: Properties) -> dict[str, str] | None:
    """Tags as a map, `None` when there are none."""
    tags = properties.get("Tags")
    if isinstance(tags, dict):
        return tags or None
    return {tag["Key"]: tag["Value"] for tag in tags} if tags else None


def as_text(value: Any) -> str:
    """A value of an attribute map: booleans and numbers as text, objects as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict) else str(value)
