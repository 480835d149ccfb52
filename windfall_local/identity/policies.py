"""Where policies are found: roles and resources in moto's stores, and in our own services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from windfall_local.api import Service, ServiceError
from windfall_local.identity.documents import Policy, PolicyError, read_policy
from windfall_local.stores.stores import Stores


@dataclass(frozen=True, slots=True)
class RolePolicies:
    """What a role brings to a decision.

    Attributes:
        trust: Who may assume it, as the role's JSON has it.
        tags: `aws:PrincipalTag/…`.
    """

    role_id: str
    trust: str
    identity: tuple[Policy, ...]
    boundary: Policy | None
    tags: dict[str, str]
    longest_session: int


class PolicySources:
    """Finds policies; only within a turn of the stores.

    Args:
        stores: moto's stores.
        services: Our own services; the ones with resource policies are asked for them.
    """

    def __init__(self, stores: Stores, services: Mapping[str, Service]) -> None:
        self.stores = stores
        self._services = services
        self._finders: dict[str, Callable[[str], str | Mapping[str, Any] | None]] = {
            "s3": self._of_bucket,
            "sqs": self._of_queue,
            "sns": self._of_topic,
            "kms": self._of_key,
            "lambda": self._of_function,
            "events": self._of_bus,
        }

    def role(self, arn: str) -> RolePolicies | None:
        """The policies of a role, or None when there is no such role."""
        backend = self.stores.backend("iam")
        role = next((role for role in backend.roles.values() if role.arn == arn), None)
        if role is None:
            return None
        documents = [*role.policies.values()]
        documents += [_default_document(policy) for policy in role.managed_policies.values()]
        boundary = backend.managed_policies.get(role.permissions_boundary_arn)
        return RolePolicies(
            role.id,
            role.assume_role_policy_document,
            tuple(read_policy(document) for document in documents),
            read_policy(_default_document(boundary)) if boundary is not None else None,
            {tag["Key"]: tag["Value"] for tag in role.tags or []},
            int(role.max_session_duration or 3600),
        )

    def resource(self, arn: str) -> Policy | None:
        """The policy of a resource, or None when it has none."""
        parts = arn.split(":", 5)
        finder = self._finders.get(parts[2]) if len(parts) == 6 else None
        document = finder(arn) if finder is not None else None
        return read_policy(document) if document else None

    def hash_key(self, table: str) -> str | None:
        """The name of a table's partition key."""
        found = self.stores.backend("dynamodb").tables.get(table.rpartition("/")[2])
        return found.hash_key_attr if found is not None else None

    def has_linked_role(self, service: str) -> bool:
        """Whether a service has made its service-linked role."""
        path = f"/aws-service-role/{service}/"
        return any(role.path == path for role in self.stores.backend("iam").roles.values())

    def _of_bucket(self, arn: str) -> str | None:
        name = arn.removeprefix("arn:aws:s3:::").partition("/")[0]
        bucket = self.stores.backend("s3").buckets.get(name)
        policy = bucket.policy if bucket is not None else None
        return policy.decode() if isinstance(policy, bytes) else policy

    def _of_queue(self, arn: str) -> str | None:
        queue = self.stores.backend("sqs").queues.get(arn.rpartition(":")[2])
        return queue.policy if queue is not None else None

    def _of_topic(self, arn: str) -> str | None:
        topic = self.stores.backend("sns").topics.get(arn)
        return topic.policy if topic is not None else None

    def _of_key(self, arn: str) -> str | None:
        backend = self.stores.backend("kms")
        identifier = arn.rpartition(":")[2]
        if identifier.startswith("alias/"):
            identifier = backend.get_key_id_from_alias(identifier) or ""
        key = backend.keys.get(identifier.rpartition("/")[2])
        return key.policy if key is not None else None

    def _of_function(self, arn: str) -> Mapping[str, Any] | None:
        service: Any = self._services.get("lambda")
        if service is None:
            return None
        policy: Mapping[str, Any] | None = _or_none(service.resource_policy, arn)
        return policy

    def _of_bus(self, arn: str) -> str | None:
        service: Any = self._services.get("events")
        if service is None or ":event-bus/" not in arn:
            return None
        policy: str | None = _or_none(service.bus_policy, arn)
        return policy


def _or_none(find: Callable[[str], Any], arn: str) -> Any:
    try:
        return find(arn)
    except ServiceError:
        # No such resource: the call itself will say so.
        return None


def _default_document(policy: Any) -> str:
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return str(version.document)
    raise PolicyError(f"{policy.arn} has no default version.")
