"""SQS event source mappings: read messages, hand them to functions, delete what succeeded.

A poller does not poll blindly. It is woken when a message is sent (it watches SQS's calls), when
a delayed or failed message becomes visible again (a timer), and otherwise looks every few
seconds, for messages that came a way it cannot see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from windfall_local.api import Cloud, CompletedCall
from windfall_local.events.clock import Clock, SystemClock
from windfall_local.events.poller import Poller, settings_of


class Pollers:
    """All mappings of queues to functions (also an `api.Observer` of SQS).

    Args:
        cloud: Has the queues and the functions.
        clock: Times visibility and delays.
    """

    SERVICE = "sqs"
    OPERATIONS = (
        "SendMessage",
        "SendMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        "SetQueueAttributes",
    )
    """What it wants to be told of."""

    def __init__(self, cloud: Cloud, clock: Clock | None = None) -> None:
        self._cloud = cloud
        self._clock = clock or SystemClock()
        self._pollers: dict[str, Poller] = {}
        self._started = False

    async def start(self) -> None:
        """Begin with the mappings that are there, and with each that comes."""
        self._started = True
        for poller in self._pollers.values():
            poller.start()

    async def stop(self) -> None:
        """End all; messages that are not done go back to their queues."""
        self._started = False
        await asyncio.gather(*(poller.stop() for poller in self._pollers.values()))

    async def put(self, mapping: Mapping[str, Any]) -> None:
        """Begin with a mapping, or go on with its new settings; as it is, where none are new.

        Args:
            mapping: As the Lambda API has it (UUID, EventSourceArn, FunctionArn, BatchSize,
                MaximumBatchingWindowInSeconds, ScalingConfig, FunctionResponseTypes,
                FilterCriteria, and State or Enabled).

        Raises:
            InvalidPatternError: A filter's pattern is not valid.
        """
        before = self._pollers.get(mapping["UUID"])
        if before is not None and _is_enabled(mapping) and before.settings == settings_of(mapping):
            return
        poller = Poller(self._cloud, self._clock, mapping)
        await self.remove(mapping["UUID"])
        if _is_enabled(mapping):
            self._pollers[mapping["UUID"]] = poller
            if self._started:
                poller.start()

    async def remove(self, uuid: str) -> None:
        """End with a mapping, if it is there."""
        poller = self._pollers.pop(uuid, None)
        if poller is not None:
            await poller.stop()

    def last_result(self, uuid: str) -> str:
        """The mapping's LastProcessingResult."""
        poller = self._pollers.get(uuid)
        return poller.last_result if poller else "No records processed"

    async def __call__(self, call: CompletedCall) -> None:
        """Take notice of a call to SQS."""
        if call.service != self.SERVICE or not self._pollers:
            return
        queue = str(call.parameters.get("QueueUrl", "")).rsplit("/", 1)[-1]
        for poller in self._pollers.values():
            if poller.queue_name == queue:
                poller.notice(call)


def _is_enabled(mapping: Mapping[str, Any]) -> bool:
    state = mapping.get("State")
    if state is not None:
        return state not in {"Disabled", "Disabling", "Deleting"}
    return bool(mapping.get("Enabled", True))
