"""The queues of asynchronous endpoints: requests wait, are answered into S3, are told of by SNS.

A request is a record, so that it survives the process; what is under way when the process ends is
done again, into the same object.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from windfall_local.api import Cloud
from windfall_local.services.sagemaker.backlog import BacklogMetrics
from windfall_local.services.sagemaker.inference import INLINE, Inferences, Served
from windfall_local.services.sagemaker.records import Document, Records

DEFAULT_TTL, DEFAULT_TIMEOUT = 21_600, 900
_DEFAULT_CONCURRENCY = 4
"""How many requests one instance gets at a time, where the configuration doesn't say."""


class AsynchronousQueues:
    """One queue for each asynchronous endpoint.

    Args:
        cloud: Has S3 and SNS.
        folder: For the requests that wait.
        endpoints: Every endpoint.
        served: Finds what serves one.
    """

    def __init__(self, cloud: Cloud, folder: Path, endpoints: Records, served: Served) -> None:
        self._endpoints = endpoints
        self._requests = Records(folder)
        self._inferences = Inferences(cloud, served)
        self._waking: dict[str, asyncio.Event] = {}
        self._dispatching: dict[str, asyncio.Task[None]] = {}
        self._metrics = BacklogMetrics(cloud, self.backlog)

    def start(self) -> None:
        """Go on with the requests that an earlier process accepted."""
        self._requests.load()
        for endpoint in {request["endpoint"] for request in self._requests}:
            self.wake(endpoint)

    async def stop(self) -> None:
        """Lay the work down; the requests are kept."""
        tasks = list(self._dispatching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._metrics.close()

    async def close(self, endpoint: str) -> None:
        """Forget the queue of an endpoint that is deleted."""
        task = self._dispatching.pop(endpoint, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for request in self._requests:
            if request["endpoint"] == endpoint:
                self._requests.delete(request["name"])

    def accept(self, name: str, body: bytes | None, **members: Any) -> None:
        """Take a request in; when this returns it will survive."""
        if body is not None:
            folder = self._requests.folder(name)
            folder.mkdir(parents=True)
            (folder / INLINE).write_bytes(body)
        request = self._requests.add(name, **members)
        self._metrics.note(request["endpoint"])
        self.wake(request["endpoint"])

    def backlog(self, endpoint: str) -> int:
        """Requests that have not ended."""
        return sum(request["endpoint"] == endpoint for request in self._requests)

    def wake(self, endpoint: str) -> None:
        """Look at a queue: something came in, or its endpoint has changed."""
        self._waking.setdefault(endpoint, asyncio.Event()).set()
        if endpoint not in self._dispatching and self.backlog(endpoint):
            task = asyncio.create_task(self._dispatch(endpoint), name=f"queue of {endpoint}")
            self._dispatching[endpoint] = task

    async def _dispatch(self, endpoint: str) -> None:
        """Hand requests to the container, in their order, as many at a time as it takes."""
        working: set[asyncio.Task[None]] = set()
        begun: set[str] = set()
        waking = self._waking[endpoint]
        try:
            while True:
                waking.clear()
                waiting = [
                    request
                    for request in self._requests
                    if request["endpoint"] == endpoint and request["name"] not in begun
                ]
                if not waiting and not working:
                    # In the same breath: what comes in from here on finds nobody at work.
                    del self._dispatching[endpoint]
                    return
                for request in waiting[: max(0, _at_a_time(waiting) - len(working))]:
                    begun.add(request["name"])
                    task = asyncio.create_task(self._work(request))
                    working.add(task)
                    task.add_done_callback(working.discard)
                    task.add_done_callback(lambda _: waking.set())
                await waking.wait()
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def _work(self, request: Document) -> None:
        endpoint = self._endpoints.get(request["endpoint"])
        if endpoint is None:
            return  # It is being deleted, and its queue with it.
        await self._inferences.run(endpoint, request, self._requests.folder(request["name"]))
        self._requests.delete(request["name"])
        self._metrics.note(request["endpoint"])


def _at_a_time(waiting: list[Document]) -> int:
    """How many of an endpoint's requests are worked on at a time."""
    return int(waiting[0]["concurrency"]) if waiting else 0


def concurrency(endpoint: Document) -> int:
    """Requests at a time, over all instances."""
    served = endpoint["serving"]
    client = served["asynchronous"].get("ClientConfig") or {}
    each = client.get("MaxConcurrentInvocationsPerInstance") or _DEFAULT_CONCURRENCY
    instances = served["variants"][0]["variant"].get("InitialInstanceCount") or 1
    return int(each) * int(instances)
