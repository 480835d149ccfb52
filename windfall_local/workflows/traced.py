"""Which executions are traced, and how X-Ray hears of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.tracing import Sampler, Trace, current
from windfall_local.workflows.segments import call_id, in_progress, segments_of

if TYPE_CHECKING:
    from windfall_local.workflows.executions import Execution, StateMachine
    from windfall_local.workflows.visits import Visit

logger = logging.getLogger(__name__)


class ExecutionTraces:
    """Tells X-Ray of executions, with the permissions of their machines' roles.

    Args:
        cloud: Where X-Ray is.
        now: Seconds of the epoch.
    """

    def __init__(self, cloud: Cloud, now: Callable[[], float]) -> None:
        self._cloud = cloud
        self._sampler = Sampler(now)

    def begin(self, machine: StateMachine, header: str) -> str:
        """The trace of an execution that starts now, as a header; empty where it has none.

        As Step Functions has it: the request's trace first, then the one in its body; without
        either, a machine with tracing begins one.
        """
        trace = current() or Trace.parse(header)
        if trace is None and machine.settings.get("tracingConfiguration", {}).get("enabled"):
            trace = self._sampler.begin(machine.arn)
        return "" if trace is None else str(trace)

    async def started(self, execution: Execution) -> None:
        """An execution has begun."""
        trace = Trace.parse(execution.trace)
        if trace is not None and trace.sampled:
            machine = execution.state_machine.name
            about = (trace.root, trace.parent, execution.arn, machine, execution.started)
            await self._tell(execution, [in_progress(*about)])

    async def ended(self, execution: Execution) -> None:
        """An execution has ended, and has its history still."""
        trace = Trace.parse(execution.trace)
        if trace is not None and trace.sampled and execution.history is not None:
            machine, events = execution.state_machine.name, execution.history.events
            about = (trace.root, trace.parent, execution.arn, machine, events)
            await self._tell(execution, segments_of(*about))

    async def _tell(self, execution: Execution, documents: list[str]) -> None:
        principal = Principal.role(execution.state_machine.role_arn, execution.name)
        try:
            await self._cloud.call(
                "xray", "PutTraceSegments", {"TraceSegmentDocuments": documents}, principal
            )
        except ServiceError as error:
            # As on AWS: the execution goes on without.
            logger.warning("X-Ray hears nothing of %s: %s", execution.arn, error)


def trace_of_call(visit: Visit) -> Trace | None:
    """The trace that what a Task calls now is part of."""
    execution = visit.run.execution
    trace = Trace.parse(execution.trace)
    return None if trace is None else trace.under(call_id(execution.arn, visit.branch.previous))
