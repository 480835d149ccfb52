"""The operations by which work outside tells of its end, or that it goes on."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, ServiceError
from windfall_local.workflows.documents import Document, is_within
from windfall_local.workflows.engine import Engine
from windfall_local.workflows.failures import StateFailure


class TokenOperations:
    """SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat."""

    _engine: Engine

    async def send_task_success(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End a waiting task well."""
        if not is_within(parameters["output"]):
            raise ServiceError("InvalidOutput", "Invalid Output: 'Output exceeds 262144 bytes'")
        try:
            document = Document.parse(parameters["output"])
        except ValueError as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{error}'") from error
        await self._engine.resolve(parameters["taskToken"], document)
        return {}

    async def send_task_failure(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End a waiting task as failed."""
        failure = StateFailure(parameters.get("error") or "", parameters.get("cause"))
        await self._engine.resolve(parameters["taskToken"], failure)
        return {}

    async def send_task_heartbeat(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Keep a waiting task alive."""
        self._engine.beat(parameters["taskToken"])
        return {}
