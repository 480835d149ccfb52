"""Lambda's records of event source mappings; `events.pollers` does the polling."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from windfall_local.api import CallContext, Cloud, ServiceError, UnsupportedOperationError
from windfall_local.events.errors import InvalidPatternError
from windfall_local.events.pollers import Pollers
from windfall_local.functions import settings
from windfall_local.functions.permissions import PermissionOperations
from windfall_local.functions.registry import page

KEPT = frozenset(
    {
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "FilterCriteria",
        "FunctionResponseTypes",
        "ScalingConfig",
    }
)
_ELSEWHERE = frozenset({"EventSourceArn", "FunctionName", "Enabled", "Tags", "UUID"})
_MAX_BATCH = 10_000
_MAX_BATCH_WITHOUT_WINDOW = 10


class MappingOperations(PermissionOperations):
    """Which queue feeds which function.

    Attributes:
        pollers: At work on every enabled mapping; also wants to be told of calls to SQS.
    """

    def __init__(self, cloud: Cloud, pollers: Pollers) -> None:
        super().__init__(cloud)
        self.pollers = pollers

    async def create_event_source_mapping(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """CreateEventSourceMapping."""
        record = self.find(parameters["FunctionName"])
        source = parameters.get("EventSourceArn", "")
        if source.split(":")[2:3] != ["sqs"]:
            raise UnsupportedOperationError(
                f"The local lambda reads from SQS queues; EventSourceArn {source!r} is none."
            )
        for mapping in self.records.mappings.values():
            if mapping["EventSourceArn"] == source and mapping["FunctionArn"] == record.arn:
                raise ServiceError(
                    "ResourceConflictException",
                    "An event source mapping with SQS arn and function already exists. Please "
                    f"update or delete the existing mapping with UUID {mapping['UUID']}",
                    status=409,
                )
        mapping = {
            "UUID": str(uuid4()),
            "BatchSize": 10,
            "MaximumBatchingWindowInSeconds": 0,
            "EventSourceArn": source,
            "FunctionArn": record.arn,
            "StateTransitionReason": "USER_INITIATED",
        }
        _update(mapping, parameters)
        await self._put(mapping)
        return self._answer(mapping)

    async def update_event_source_mapping(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """UpdateEventSourceMapping."""
        mapping = dict(self._mapping(parameters["UUID"]))
        if "FunctionName" in parameters:
            mapping["FunctionArn"] = self.find(parameters["FunctionName"]).arn
        _update(mapping, parameters)
        await self._put(mapping)
        return self._answer(mapping)

    async def get_event_source_mapping(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """GetEventSourceMapping."""
        return self._answer(self._mapping(parameters["UUID"]))

    async def list_event_source_mappings(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """ListEventSourceMappings."""
        mappings = list(self.records.mappings.values())
        if "EventSourceArn" in parameters:
            source = parameters["EventSourceArn"]
            mappings = [one for one in mappings if one["EventSourceArn"] == source]
        if "FunctionName" in parameters:
            arn = self.find(parameters["FunctionName"]).arn
            mappings = [one for one in mappings if one["FunctionArn"] == arn]
        return page([self._answer(one) for one in mappings], parameters, "EventSourceMappings")

    async def delete_event_source_mapping(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """DeleteEventSourceMapping."""
        mapping = self._mapping(parameters["UUID"])
        del self.records.mappings[parameters["UUID"]]
        self._save()
        answer = self._answer(mapping) | {"State": "Deleting"}
        await self.pollers.remove(parameters["UUID"])
        return answer

    async def _put(self, mapping: dict[str, Any]) -> None:
        try:
            await self.pollers.put(mapping)
        except InvalidPatternError as error:
            raise settings.invalid(f"Invalid filter pattern definition. {error}") from error
        self.records.mappings[mapping["UUID"]] = mapping
        self._save()

    def _answer(self, mapping: dict[str, Any]) -> dict[str, Any]:
        return mapping | {
            "LastModified": datetime.fromisoformat(mapping["LastModified"]),
            "LastProcessingResult": self.pollers.last_result(mapping["UUID"]),
        }

    def _mapping(self, identifier: str) -> dict[str, Any]:
        mapping = self.records.mappings.get(identifier)
        if mapping is None:
            raise ServiceError(
                "ResourceNotFoundException",
                "The resource you requested does not exist.",
                status=404,
                fields={"Type": "User"},
            )
        return mapping


def _update(mapping: dict[str, Any], parameters: dict[str, Any]) -> None:
    for member in parameters:
        if member not in KEPT | _ELSEWHERE:
            raise UnsupportedOperationError(
                f"The local lambda does not honour {member} of an event source mapping."
            )
    mapping.update({key: value for key, value in parameters.items() if key in KEPT})
    if "Enabled" in parameters or "State" not in mapping:
        mapping["State"] = "Enabled" if parameters.get("Enabled", True) else "Disabled"
    mapping["LastModified"] = datetime.now(UTC).isoformat()
    window = mapping["MaximumBatchingWindowInSeconds"]
    if not 1 <= mapping["BatchSize"] <= _MAX_BATCH or not 0 <= window <= 300:
        raise settings.invalid(
            f"BatchSize takes 1 to {_MAX_BATCH}, MaximumBatchingWindowInSeconds 0 to 300."
        )
    if mapping["BatchSize"] > _MAX_BATCH_WITHOUT_WINDOW and window == 0:
        raise settings.invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10"
        )
