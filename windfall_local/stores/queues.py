"""Long polling: a receiver waits as a task, not as a thread, and wakes when it is worth it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from moto.core.utils import unix_time_millis

from windfall_local.wire.message import HttpRequest, HttpResponse, split_query


class Arrivals:
    """Wakes receivers of a queue when a message comes in.

    Messages are told of from any thread; receivers wait in the loop that made this object.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def tell(self, queue: str) -> None:
        """A message came into a queue."""
        if queue in self._waiting:
            self._loop.call_soon_threadsafe(self._wake, queue)

    async def wait(self, queue: str, seconds: float) -> None:
        """Return when a message came into the queue, or after some seconds."""
        event = asyncio.Event()
        events = self._waiting.setdefault(queue, set())
        events.add(event)
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            events.discard(event)
            if not events:
                self._waiting.pop(queue, None)

    def _wake(self, queue: str) -> None:
        for event in self._waiting.get(queue, ()):
            event.set()


def seconds_until_next(messages: Iterable[Any]) -> float | None:
    """When the first of a queue's hidden or delayed messages can be received; None: never."""
    now = unix_time_millis()
    moments = [max(message.visible_at, message.delayed_until) for message in messages]
    later = [moment for moment in moments if moment >= now]
    return (min(later) - now) / 1000 + 0.001 if later else None


def has_receivable(messages: Iterable[Any]) -> bool:
    """Whether any of a queue's messages is neither hidden nor delayed, by moto's clock."""
    return any(message.visible and not message.delayed for message in messages)


def queue_name(request: HttpRequest) -> str:
    """The queue of a ReceiveMessage request."""
    return without_waiting(request)[0]


def without_waiting(request: HttpRequest) -> tuple[str, int | None, HttpRequest]:
    """Of a ReceiveMessage request: the queue's name, the asked wait, and the same without it."""
    if "x-amz-target" in request.headers:
        document = json.loads(request.body or b"{}")
        wait = document.get("WaitTimeSeconds")
        body = json.dumps({**document, "WaitTimeSeconds": 0}).encode()
        url = str(document.get("QueueUrl", ""))
    else:
        fields = dict(request.argument_pairs + split_query(request.body.decode()))
        wait = fields.get("WaitTimeSeconds")
        url = fields.get("QueueUrl", request.path)
        body = urlencode({**fields, "WaitTimeSeconds": "0"}).encode()
    at_once = HttpRequest(request.method, request.path, "", request.headers, body)
    return url.rpartition("/")[2], None if wait is None else int(wait), at_once


def has_messages(response: HttpResponse) -> bool:
    """Whether an answer to ReceiveMessage brings any."""
    return b"ReceiptHandle" in response.body
