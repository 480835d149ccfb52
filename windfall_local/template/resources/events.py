"""EventBridge: buses, rules with their targets, archives."""

from __future__ import annotations

from typing import ClassVar

from windfall_local.template.resources.kinds import (
    ANY,
    Calls,
    Made,
    Shape,
    Wanted,
    document,
    pick,
)

_MISSING = "ResourceNotFound"


class EventBus:
    """A bus of the application's own."""

    type = "AWS::Events::EventBus"
    attributes = frozenset({"Arn", "Name"})
    honours: ClassVar[Shape] = {"Name": ANY, "Description": ANY, "Tags": ANY}

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or leave the one that is there."""
        name = wanted.properties["Name"]
        if await calls.find("events", "DescribeEventBus", _MISSING, Name=name) is None:
            parameters = pick(wanted.properties, "Description", "Tags")
            await calls("events", "CreateEventBus", Name=name, **parameters)
        elif "Description" in wanted.properties and not wanted.unchanged:
            description = wanted.properties["Description"]
            await calls("events", "UpdateEventBus", Name=name, Description=description)
        return Made(name, {"Arn": calls.arn("events", f"event-bus/{name}"), "Name": name})


class Rule:
    """A rule and its targets."""

    type = "AWS::Events::Rule"
    attributes = frozenset({"Arn"})
    honours: ClassVar[Shape] = {
        "Name": ANY,
        "Description": ANY,
        "EventBusName": ANY,
        "EventPattern": ANY,
        "ScheduleExpression": ANY,
        "State": ANY,
        "Targets": {
            "Id": ANY,
            "Arn": ANY,
            "RoleArn": ANY,
            "Input": ANY,
            "InputPath": ANY,
            "InputTransformer": {"InputPathsMap": ANY, "InputTemplate": ANY},
            "RetryPolicy": {"MaximumRetryAttempts": ANY, "MaximumEventAgeInSeconds": ANY},
            "DeadLetterConfig": {"Arn": ANY},
            "SqsParameters": {"MessageGroupId": ANY},
        },
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Put the rule and exactly its targets."""
        properties = wanted.properties
        name = properties.get("Name") or wanted.name
        bus = properties.get("EventBusName")
        parameters = pick(properties, "Description", "ScheduleExpression", "State", "Tags")
        if "EventPattern" in properties:
            parameters["EventPattern"] = document(properties["EventPattern"])
        await calls("events", "PutRule", Name=name, EventBusName=bus, **parameters)
        targets = properties.get("Targets", [])
        found = await calls("events", "ListTargetsByRule", Rule=name, EventBusName=bus)
        kept = {target["Id"] for target in targets}
        stale = [one["Id"] for one in found.get("Targets", []) if one["Id"] not in kept]
        if stale:
            await calls("events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=stale)
        if targets:
            await calls("events", "PutTargets", Rule=name, EventBusName=bus, Targets=targets)
        bus_name = (bus or "default").rsplit("/", 1)[-1]
        own = bus_name != "default"
        resource = f"rule/{bus_name}/{name}" if own else f"rule/{name}"
        return Made(f"{bus_name}|{name}" if own else name, {"Arn": calls.arn("events", resource)})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete the rule and its targets."""
        bus, _, name = made.physical_id.rpartition("|")
        place = {"EventBusName": bus or None}
        found = await calls.find("events", "ListTargetsByRule", _MISSING, Rule=name, **place)
        if found is None:
            return
        if targets := [one["Id"] for one in found.get("Targets", [])]:
            await calls("events", "RemoveTargets", Rule=name, Ids=targets, **place)
        await calls("events", "DeleteRule", Name=name, **place)


class Archive:
    """An archive of a bus."""

    type = "AWS::Events::Archive"
    attributes = frozenset({"Arn", "ArchiveName"})
    honours: ClassVar[Shape] = {
        "ArchiveName": ANY,
        "SourceArn": ANY,
        "Description": ANY,
        "EventPattern": ANY,
        "RetentionDays": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or update the one that is there."""
        properties = wanted.properties
        name = properties.get("ArchiveName") or wanted.name[:48]
        parameters = pick(properties, "Description")
        if "RetentionDays" in properties:
            parameters["RetentionDays"] = int(properties["RetentionDays"])
        if "EventPattern" in properties:
            parameters["EventPattern"] = document(properties["EventPattern"])
        if await calls.find("events", "DescribeArchive", _MISSING, ArchiveName=name) is None:
            source = properties["SourceArn"]
            await calls(
                "events", "CreateArchive", ArchiveName=name, EventSourceArn=source, **parameters
            )
        else:
            await calls("events", "UpdateArchive", ArchiveName=name, **parameters)
        return Made(name, {"Arn": calls.arn("events", f"archive/{name}"), "ArchiveName": name})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it."""
        await calls.find("events", "DeleteArchive", _MISSING, ArchiveName=made.physical_id)


KINDS = (EventBus(), Rule(), Archive())
