"""Lambda's operations on reserved concurrency and on the handling of asynchronous invocations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from windfall_local.api import CallContext, ServiceError
from windfall_local.functions import settings
from windfall_local.functions.mappings import MappingOperations
from windfall_local.functions.records import FunctionRecord

MAX_EVENT_AGE_SECONDS = 21_600
MAX_RETRIES = 2


class ConcurrencyOperations(MappingOperations):
    """How many invocations at once, and what becomes of those nobody waits for."""

    async def put_function_concurrency(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """PutFunctionConcurrency."""
        record = self.find(parameters["FunctionName"])
        record.reserved = int(parameters["ReservedConcurrentExecutions"])
        self._save()
        return {"ReservedConcurrentExecutions": record.reserved}

    async def get_function_concurrency(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """GetFunctionConcurrency."""
        reserved = self.find(parameters["FunctionName"]).reserved
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    async def delete_function_concurrency(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """DeleteFunctionConcurrency."""
        self.find(parameters["FunctionName"]).reserved = None
        self._save()
        return {}

    async def put_function_event_invoke_config(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """PutFunctionEventInvokeConfig."""
        return self._configure(parameters, {})

    async def update_function_event_invoke_config(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """UpdateFunctionEventInvokeConfig."""
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        return self._configure(parameters, record.event_invoke or {})

    async def get_function_event_invoke_config(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """GetFunctionEventInvokeConfig."""
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        return _event_invoke(record)

    async def delete_function_event_invoke_config(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """DeleteFunctionEventInvokeConfig."""
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        _event_invoke(record)
        record.event_invoke = None
        self._save()
        return {}

    def _configure(self, parameters: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        names = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
        chosen = base | {name: parameters[name] for name in names if name in parameters}
        if not 0 <= chosen.get("MaximumRetryAttempts", 0) <= MAX_RETRIES:
            raise settings.invalid(f"MaximumRetryAttempts takes 0 to {MAX_RETRIES}.")
        if not 60 <= chosen.get("MaximumEventAgeInSeconds", 60) <= MAX_EVENT_AGE_SECONDS:
            raise settings.invalid(f"MaximumEventAgeInSeconds takes 60 to {MAX_EVENT_AGE_SECONDS}.")
        record.event_invoke = chosen | {"LastModified": datetime.now(UTC).isoformat()}
        self._save()
        return _event_invoke(record)


def _event_invoke(record: FunctionRecord) -> dict[str, Any]:
    if record.event_invoke is None:
        raise ServiceError(
            "ResourceNotFoundException",
            f"The function {record.arn}:$LATEST doesn't have an EventInvokeConfig",
            status=404,
            fields={"Type": "User"},
        )
    return {
        "DestinationConfig": {},
        **record.event_invoke,
        "FunctionArn": f"{record.arn}:$LATEST",
        "LastModified": datetime.fromisoformat(record.event_invoke["LastModified"]),
    }
