"""Operations on event buses, their policies, and tags."""

from __future__ import annotations

import json
from typing import Any

from windfall_local.api import CallContext
from windfall_local.events.state import (
    DEFAULT_BUS,
    Bus,
    EventState,
    already_exists,
    check_name,
    invalid,
    not_found,
    page,
    without_none,
)

_SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


class BusOperations(EventState):
    """Event buses, their policies, tags."""

    async def create_event_bus(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Make a bus."""
        name = parameters["Name"]
        check_name(name, "name", 256)
        if name in self.buses:
            raise already_exists(f"Event bus {name} already exists.")
        bus = self.buses[name] = self.new_bus(name)
        bus.settings = {key: parameters[key] for key in _SETTINGS if parameters.get(key)}
        self._tag(bus.arn, parameters.get("Tags"))
        return {"EventBusArn": bus.arn, **bus.settings}

    async def update_event_bus(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Change a bus's settings."""
        bus = self.bus(parameters.get("Name"))
        bus.settings.update({key: parameters[key] for key in _SETTINGS if key in parameters})
        bus.modified = self.now()
        return {"Arn": bus.arn, "Name": bus.name, **bus.settings}

    async def describe_event_bus(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Show a bus."""
        bus = self.bus(parameters.get("Name"))
        return {**self._described(bus), **bus.settings}

    async def list_event_buses(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """List buses."""
        prefix = parameters.get("NamePrefix") or ""
        buses = [
            self._described(bus)
            for name, bus in sorted(self.buses.items())
            if name.startswith(prefix)
        ]
        return page(buses, parameters, "EventBuses")

    async def delete_event_bus(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Remove a bus; nothing happens when there is none."""
        name = parameters["Name"].rsplit("event-bus/", 1)[-1]
        if name == DEFAULT_BUS:
            raise invalid("Cannot delete event bus default.")
        bus = self.buses.get(name)
        if bus is not None:
            if bus.rules:
                raise invalid("Event bus can't be deleted since it has rules.")
            del self.buses[name]
            self.tags.pop(bus.arn, None)
        return {}

    def bus_policy(self, name_or_arn: str) -> str | None:
        """The resource policy of a bus, as JSON; for whoever authorizes calls."""
        bus = self.bus(name_or_arn)
        if not bus.statements:
            return None
        return json.dumps({"Version": "2012-10-17", "Statement": bus.statements})

    async def put_permission(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Add a statement to a bus's policy, or replace the policy."""
        bus = self.bus(parameters.get("EventBusName"))
        if parameters.get("Policy"):
            try:
                statements = json.loads(parameters["Policy"])["Statement"]
            except (ValueError, TypeError, KeyError) as error:
                raise invalid("Parameter Policy is not valid.") from error
            bus.statements = statements if isinstance(statements, list) else [statements]
            return {}
        for member in ("Action", "Principal", "StatementId"):
            if not parameters.get(member):
                raise invalid(f"Parameter {member} must be specified.")
        bus.statements = [
            statement
            for statement in bus.statements
            if statement.get("Sid") != parameters["StatementId"]
        ]
        bus.statements.append(_statement(bus, parameters))
        return {}

    async def remove_permission(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Remove a statement of a bus's policy, or all."""
        bus = self.bus(parameters.get("EventBusName"))
        if parameters.get("RemoveAllPermissions"):
            bus.statements = []
            return {}
        kept = [s for s in bus.statements if s.get("Sid") != parameters.get("StatementId")]
        if len(kept) == len(bus.statements):
            raise not_found("Statement with the provided id does not exist.")
        bus.statements = kept
        return {}

    async def tag_resource(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Tag a bus or rule."""
        self._tag(self._existing(parameters["ResourceARN"]), parameters["Tags"])
        return {}

    async def untag_resource(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Remove tags of a bus or rule."""
        tags = self.tags.get(self._existing(parameters["ResourceARN"]), {})
        for key in parameters["TagKeys"]:
            tags.pop(key, None)
        return {}

    async def list_tags_for_resource(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """List the tags of a bus or rule."""
        tags = self.tags.get(self._existing(parameters["ResourceARN"]), {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _tag(self, arn: str, tags: list[dict[str, str]] | None) -> None:
        if tags:
            self.tags.setdefault(arn, {}).update({tag["Key"]: tag["Value"] for tag in tags})

    def _existing(self, arn: str) -> str:
        known = {bus.arn for bus in self.buses.values()}
        known |= {rule.arn for bus in self.buses.values() for rule in bus.rules.values()}
        if arn not in known:
            raise not_found(f"{arn} does not exist.")
        return arn

    def _described(self, bus: Bus) -> dict[str, Any]:
        return without_none(
            {
                "Name": bus.name,
                "Arn": bus.arn,
                "Description": bus.settings.get("Description"),
                "Policy": self.bus_policy(bus.name),
                "CreationTime": bus.created,
                "LastModifiedTime": bus.modified,
            }
        )


def _statement(bus: Bus, parameters: dict[str, Any]) -> dict[str, Any]:
    principal = parameters["Principal"]
    if principal != "*":
        principal = {"AWS": f"arn:aws:iam::{principal}:root"}
    statement: dict[str, Any] = {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": parameters["Action"],
        "Resource": bus.arn,
    }
    condition = parameters.get("Condition")
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement
