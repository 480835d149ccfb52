"""An environment's log stream in CloudWatch Logs, written as the function's role.

Lines are shipped in batches, in the background: an answer never waits for its log. When the role
may not write, the lines are lost as they are on AWS, and that is said once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError

log = logging.getLogger(__name__)

SHIP_SECONDS = 0.5
_MAX_EVENTS = 10_000
_MAX_BATCH_BYTES = 1_048_576
_EVENT_OVERHEAD_BYTES = 26
_MAX_MESSAGE_BYTES = 262_144 - _EVENT_OVERHEAD_BYTES


class LogStream:
    """Collects lines and ships them."""

    def __init__(self, cloud: Cloud, group: str, stream: str, principal: Principal) -> None:
        self.group = group
        self.name = stream
        self._cloud = cloud
        self._principal = principal
        self._waiting: list[dict[str, Any]] = []
        self._task: asyncio.Task[None] | None = None
        self._created = False
        self._refused = False

    def write(self, line: str) -> None:
        """Take one line; it is shipped soon."""
        if self._refused or not line:
            return
        message = line.encode("utf-8", "replace")[:_MAX_MESSAGE_BYTES].decode("utf-8", "ignore")
        self._waiting.append({"timestamp": int(time.time() * 1000), "message": message})
        if self._task is None:
            self._task = asyncio.create_task(self._ship_soon())

    async def close(self) -> None:
        """Ship what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._ship()

    async def _ship_soon(self) -> None:
        await asyncio.sleep(SHIP_SECONDS)
        try:
            await self._ship()
        finally:
            self._task = None
            if self._waiting:
                self._task = asyncio.create_task(self._ship_soon())

    async def _ship(self) -> None:
        while self._waiting:
            count = _batch_size(self._waiting)
            try:
                await self._create()
                await self._call("PutLogEvents", logEvents=self._waiting[:count])
            except ServiceError as error:
                self._refused = True
                self._waiting.clear()
                log.warning("No logs are kept in %s: %s", self.group, error)
                return
            del self._waiting[:count]

    async def _create(self) -> None:
        if self._created:
            return
        try:
            await self._call("CreateLogStream")
        except ServiceError as error:
            if error.code == "ResourceNotFoundException":
                await self._cloud.call(
                    "logs", "CreateLogGroup", {"logGroupName": self.group}, self._principal
                )
                await self._call("CreateLogStream")
            elif error.code != "ResourceAlreadyExistsException":
                raise
        self._created = True

    async def _call(self, operation: str, **parameters: Any) -> None:
        names = {"logGroupName": self.group, "logStreamName": self.name}
        await self._cloud.call("logs", operation, names | parameters, self._principal)


def _batch_size(events: list[dict[str, Any]]) -> int:
    size = 0
    for count, event in enumerate(events[:_MAX_EVENTS]):
        size += len(event["message"].encode()) + _EVENT_OVERHEAD_BYTES
        if size > _MAX_BATCH_BYTES and count:
            return count
    return min(len(events), _MAX_EVENTS)
