"""A bounded pool of execution environments, shared by all functions.

Two bounds: how many invocations run at once, and how many environments exist (running or warm).
Invocations over the first bound wait, one queue per function, served in turn: a thousand requests
to one function delay a request to another by one turn, not by a thousand.

A function that waits for another holds a place and needs a second one. Such a nested invocation
does not queue, so a chain of any depth ends. What waits in ways that can't be seen (a function that
starts a machine and waits for it) is caught by the clock: when nothing has ended for a while, one
more may run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Protocol

from windfall_local.api import ServiceError
from windfall_local.functions.invocations import Invocation, Outcome

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
STALL_SECONDS = 2.0
WATCH_SECONDS = 0.25


class Environment(Protocol):
    """What the pool needs of an execution environment."""

    idle_since: float

    @property
    def alive(self) -> bool:
        """Whether it can take another invocation."""
        ...

    @property
    def principal_arn(self) -> str:
        """Who its function is when it calls."""
        ...

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end."""
        ...

    def watch_memory(self) -> None:
        """End the worker when it holds too much."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


Build = Callable[[], Environment]


def default_places() -> int:
    """How many invocations run at once: twice the cores, at least 4."""
    return max(4, 2 * (os.cpu_count() or 1))


class EnvironmentPool:
    """Gives each invocation an environment, in turn and within bounds.

    Args:
        places: Invocations that run at once.
        environments: Environments that exist at once, nested ones aside.
        idle_seconds: A warm environment that was not used for so long is ended.
        stall_seconds: When no invocation ended for so long, one more place opens.
    """

    def __init__(
        self,
        *,
        places: int | None = None,
        environments: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._places = places or default_places()
        self._environments = environments or 4 * self._places
        self._idle_seconds = idle_seconds
        self._stall_seconds = stall_seconds
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._running: set[Environment] = set()
        self._taken = 0
        self._warm: dict[tuple[str, Hashable], list[Environment]] = {}
        self._last_end = 0.0
        self._tasks: set[asyncio.Task[object]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._relief: asyncio.TimerHandle | None = None
        self._closed = False

    def start(self) -> None:
        """Watch memory and idleness from now on."""
        self._watch = asyncio.create_task(self._watch_environments())

    async def stop(self, grace_seconds: float = 5.0) -> None:
        """Let what runs end within the grace, then end every environment."""
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        if self._relief is not None:
            self._relief.cancel()
        for queue in self._queues.values():
            for waiter in queue:
                if not waiter.done():
                    waiter.set_exception(_ending())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        closing = [*self._running, *(one for warm in self._warm.values() for one in warm)]
        self._warm.clear()
        await asyncio.gather(*(environment.close() for environment in closing))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)

    def is_running(self, principal_arn: str) -> bool:
        """Whether a call by this principal comes from inside a running invocation."""
        return any(environment.principal_arn == principal_arn for environment in self._running)

    def running(self) -> list[Environment]:
        """Those that run something now."""
        return list(self._running)

    async def invoke(
        self, name: str, version: Hashable, build: Build, invocation: Invocation, *, nested: bool
    ) -> Outcome:
        """Run an invocation when its turn comes.

        Args:
            name: The function; its own queue.
            version: What its code and settings are; warm environments of others are not used.
            build: Makes an environment of that version.
            invocation: What to run.
            nested: Made by a running invocation; does not queue.
        """
        if nested:
            self._taken += 1
        else:
            await self._take_place(name)
        # The function runs to its end even if nobody waits for its answer any more, as on AWS.
        task = asyncio.create_task(self._run((name, version), build, invocation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def discard(self, name: str) -> None:
        """End the warm environments of a function that changed or is gone."""
        keys = [key for key in self._warm if key[0] == name]
        for key in keys:
            for environment in self._warm.pop(key):
                self._close_soon(environment)

    async def _run(
        self, key: tuple[str, Hashable], build: Build, invocation: Invocation
    ) -> Outcome:
        environment: Environment | None = None
        try:
            environment = self._find_warm(key) or self._make(build)
            self._running.add(environment)
            return await environment.run(invocation)
        finally:
            if environment is not None:
                self._running.discard(environment)
                self._keep(key, environment)
            self._free_place()

    # Places.

    async def _take_place(self, name: str) -> None:
        if self._closed:
            raise _ending()
        if self._taken < self._places and not self._queues:
            self._taken += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(name, deque()).append(waiter)
        self._expect_progress()
        self._serve_queues()
        try:
            await waiter
        except asyncio.CancelledError:  # The caller went away; its turn is the next one's.
            if waiter.done() and not waiter.cancelled():
                self._free_place()
            raise

    def _free_place(self) -> None:
        self._taken -= 1
        self._last_end = time.monotonic()
        self._serve_queues()

    def _serve_queues(self) -> None:
        while self._taken < self._places and self._serve_one():
            pass

    def _serve_one(self) -> bool:
        """Give the first of the function whose turn it is a place; whether anyone waited."""
        while self._queues:
            name, queue = self._queues.popitem(last=False)
            waiter = queue.popleft()
            if queue:
                self._queues[name] = queue  # to the end of the line
            if not waiter.done():
                self._taken += 1
                waiter.set_result(None)
                return True
        return False

    def _expect_progress(self) -> None:
        if self._relief is None:
            loop = asyncio.get_running_loop()
            self._relief = loop.call_later(self._stall_seconds, self._relieve)

    def _relieve(self) -> None:
        self._relief = None
        if not self._queues or self._closed:
            return
        if time.monotonic() - self._last_end >= self._stall_seconds:
            log.info("No invocation ended for %.1f s; one more may run.", self._stall_seconds)
            self._serve_one()
        self._expect_progress()

    # Environments.

    def _find_warm(self, key: tuple[str, Hashable]) -> Environment | None:
        warm = self._warm.get(key, [])
        while warm:
            environment = warm.pop()
            if environment.alive:
                return environment
            self._close_soon(environment)
        return None

    def _make(self, build: Build) -> Environment:
        existing = len(self._running) + sum(map(len, self._warm.values()))
        while existing >= self._environments and (idle := self._longest_idle()):
            key, environment = idle
            self._warm[key].remove(environment)
            self._close_soon(environment)
            existing -= 1
        return build()

    def _longest_idle(self) -> tuple[tuple[str, Hashable], Environment] | None:
        warm = [(key, warm[0]) for key, warm in self._warm.items() if warm]
        return min(warm, key=lambda one: one[1].idle_since, default=None)

    def _keep(self, key: tuple[str, Hashable], environment: Environment) -> None:
        if self._closed or not environment.alive:
            self._close_soon(environment)
            return
        environment.idle_since = time.monotonic()
        self._warm.setdefault(key, []).append(environment)

    def _close_soon(self, environment: Environment) -> None:
        task: asyncio.Task[object] = asyncio.create_task(_close(environment))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch_environments(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for environment in list(self._running):
                environment.watch_memory()
            long_ago = time.monotonic() - self._idle_seconds
            for key, warm in list(self._warm.items()):
                for environment in [one for one in warm if one.idle_since < long_ago]:
                    warm.remove(environment)
                    self._close_soon(environment)
                if not warm:
                    del self._warm[key]


def _ending() -> ServiceError:
    return ServiceError("ServiceException", "The local cloud is ending.", status=500)


async def _close(environment: Environment) -> None:
    await environment.close()
