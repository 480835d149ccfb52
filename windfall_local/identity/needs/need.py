"""A needed permission, and what writing one takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from windfall_local.api import ACCOUNT


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource.

    Attributes:
        action: `s3:GetObject`.
        resource: An ARN, or `*` where the action knows no resources.
        keys: Condition keys of the service, as AWS spells them.
        refused_as: The error's code, where a lack is not told as the service's own denials are.
    """

    action: str
    resource: str = "*"
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused_as: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What ARNs are made from, and what only the stores know.

    Attributes:
        region: The cloud's region.
        hash_key: The name of a table's partition key, when the table exists.
        has_linked_role: Whether a service has its service-linked role already.
    """

    region: str
    hash_key: Callable[[str], str | None] = lambda _: None
    has_linked_role: Callable[[str], bool] = lambda _: True

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource; what is an ARN already stays."""
        if resource.startswith("arn:"):
            return resource
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"


Writer = Callable[[str, dict[str, Any], Scene], list[Need] | None]


def key(name: str, value: Any) -> dict[str, tuple[str, ...]]:
    """A condition key, absent without a value."""
    if value is None:
        return {}
    if isinstance(value, (list, tuple)):
        return {name: tuple(map(str, value))}
    return {name: (str(value).lower() if isinstance(value, bool) else str(value),)}


def pass_role(role_arn: str | None, service_host: str) -> list[Need]:
    """`iam:PassRole`, where a role is handed to a service."""
    if not role_arn:
        return []
    return [Need("iam:PassRole", role_arn, key("iam:PassedToService", service_host))]
