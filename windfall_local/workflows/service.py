"""The Step Functions API: state machines, executions, their histories and task tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from windfall_local.api import CallContext, Cloud, OperationService, ServiceError
from windfall_local.workflows.engine import Engine
from windfall_local.workflows.execution_operations import ExecutionOperations
from windfall_local.workflows.executions import MAX_ENDED
from windfall_local.workflows.journal import Journal
from windfall_local.workflows.machine_operations import MachineOperations
from windfall_local.workflows.machine_roles import Authorize
from windfall_local.workflows.token_operations import TokenOperations


class StepFunctionsService(
    MachineOperations, ExecutionOperations, TokenOperations, OperationService
):
    """Step Functions, Standard workflows in JSONata.

    Args:
        cloud: What tasks call, and where status changes are announced.
        journal: Keeps machines and executions beyond the process; None for no longer than it.
        now: The time, in seconds of the epoch.
        max_ended: How many executions that have ended can still be listed.
        authorize: Checks what a task needs beyond its own call; None allows it.
    """

    name = "stepfunctions"

    def __init__(
        self,
        cloud: Cloud,
        journal: Journal | None = None,
        *,
        now: Callable[[], float] = time.time,
        max_ended: int = MAX_ENDED,
        authorize: Authorize | None = None,
    ) -> None:
        self._cloud = cloud
        self._engine = Engine(cloud, journal, now, max_ended, authorize)
        self._authorize = authorize
        self._stopped = False
        self._ready = asyncio.Event()
        if journal is None:
            self._ready.set()

    async def start(self) -> None:
        """Bring back what the journal kept; executions that were running go on."""
        self._engine.start()
        self._ready.set()

    async def stop(self) -> None:
        """Lay down what is running; with a journal it goes on at the next start."""
        self._stopped = True
        await self._engine.stop()

    def stop_execution_named(self, role_arn: str, name: str) -> bool:
        """Stop an execution of a machine with this role; whether it ran."""
        for execution in self._engine.executions.running():
            if (execution.name, execution.state_machine.role_arn) == (name, role_arn):
                return self._engine.abort(execution.arn, "Stopped", "It was stopped on its way.")
        return False

    async def call(self, operation: str, parameters: dict[str, Any], context: CallContext) -> Any:
        """Answer one operation, once what the journal kept is back.

        Raises:
            ServiceError: The answer is an error; after `stop` it is always one.
        """
        if self._stopped:
            raise ServiceError("ServiceUnavailable", "Step Functions has stopped", status=503)
        if not self._ready.is_set():
            await self._ready.wait()
        return await super().call(operation, parameters, context)
