"""One mapping of a queue to a function: reads messages, invokes, deletes what succeeded."""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
from collections.abc import Mapping
from typing import Any

from windfall_local.api import Cloud, CompletedCall, Principal, ServiceError
from windfall_local.events.batches import BatchFilter, failed_ids, make_record
from windfall_local.events.clock import Clock
from windfall_local.events.targets import queue_url
from windfall_local.events.transformers import to_json
from windfall_local.tracing import within

_DEFAULT_BATCH = 10
_DEFAULT_CONCURRENCY = 5  # Lambda begins with five invocations of a mapping at once

_LOOK_SECONDS = 5.0
_RECEIVE_LIMIT = 10  # messages per ReceiveMessage
_LARGEST_BATCH_BYTES = 6 * 1024 * 1024  # a synchronous invocation's payload
_FIRST_THROTTLE_PAUSE = 0.1
_LONGEST_THROTTLE_PAUSE = 5.0
_FAREWELL_SECONDS = 5.0
_WORKED_BY = (
    "EventSourceArn",
    "FunctionArn",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FilterCriteria",
    "FunctionResponseTypes",
    "ScalingConfig",
)
_VISIBILITY_MARGIN_SECONDS = 0.01  # queues count in milliseconds
_THROTTLED = ("TooManyRequestsException", "ThrottlingException", "Throttling")

_log = logging.getLogger(__name__)


def settings_of(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """What of a mapping decides how it is worked on."""
    return {name: mapping.get(name) for name in _WORKED_BY}


class Poller:
    """One mapping at work."""

    def __init__(self, cloud: Cloud, clock: Clock, mapping: Mapping[str, Any]) -> None:
        self.last_result = "No records processed"
        self.settings = settings_of(mapping)
        """What it works by."""
        self._cloud = cloud
        self._clock = clock
        self._queue_arn = str(mapping["EventSourceArn"])
        self.queue_name = self._queue_arn.rsplit(":", 1)[-1]
        self._queue_url = queue_url(cloud, self._queue_arn)
        self._function = str(mapping["FunctionArn"])
        self._batch_size = int(mapping.get("BatchSize") or _DEFAULT_BATCH)
        self._window = float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        self._reports = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
        self._filter = BatchFilter(mapping.get("FilterCriteria"))
        limit = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency")
        self._slots = asyncio.Semaphore(int(limit or _DEFAULT_CONCURRENCY))
        self._principal: Principal | None = None
        self._timeouts: tuple[float, float] | None = None
        self._wake = asyncio.Event()
        self._due: list[float] = []
        self._loop: asyncio.Task[None] | None = None
        self._batches: dict[asyncio.Task[None], list[dict[str, Any]]] = {}
        self._gathered: list[dict[str, Any]] = []

    # --- Life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look for messages."""
        if self._loop is None:
            self._wake.set()
            self._loop = asyncio.create_task(self._run(), name=f"poller-{self.queue_name}")

    async def stop(self) -> None:
        """End; invocations may finish for a moment, other messages become visible at once."""
        if self._loop is None:
            return
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        self._loop = None
        if self._batches:
            await asyncio.wait(self._batches, timeout=_FAREWELL_SECONDS)
        unfinished = list(self._batches.items())
        for task, _ in unfinished:
            task.cancel()
        await asyncio.gather(*(task for task, _ in unfinished), return_exceptions=True)
        held = self._gathered + [message for _, batch in unfinished for message in batch]
        self._gathered = []
        await self._give_back(held)

    def notice(self, call: CompletedCall) -> None:
        """Take notice of a call to this queue: look at once, or when what was sent is due."""
        parameters = call.parameters
        match call.operation:
            case "SendMessage":
                self._expect(parameters.get("DelaySeconds"))
            case "SendMessageBatch":
                for entry in parameters.get("Entries") or ():
                    self._expect(entry.get("DelaySeconds"))
            case "ChangeMessageVisibility":
                self._expect(parameters.get("VisibilityTimeout"))
            case "ChangeMessageVisibilityBatch":
                for entry in parameters.get("Entries") or ():
                    self._expect(entry.get("VisibilityTimeout"))
            case "SetQueueAttributes":
                self._timeouts = None

    def _expect(self, delay: float | None) -> None:
        """Look after a delay: the queue's own, unless the message has one."""
        if delay is None:
            delay = self._timeouts[1] if self._timeouts else 0
        if delay:
            heapq.heappush(self._due, self._clock.now() + float(delay))
        self._wake.set()

    # --- Looking -----------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await self._rest()
            self._wake.clear()
            now = self._clock.now()
            while self._due and self._due[0] <= now:
                heapq.heappop(self._due)
            try:
                await self._read_all()
            except ServiceError as error:
                # The queue or the role is not there (yet), or may not be read.
                self._principal = None
                self._report(f"PROBLEM: {error.message}", error)
            except Exception:
                self.last_result = "PROBLEM: internal error"
                _log.exception("Poller of %s failed", self.queue_name)

    def _report(self, result: str, error: Exception) -> None:
        if result != self.last_result:
            _log.warning("Poller of %s: %s", self.queue_name, error)
        self.last_result = result

    async def _rest(self) -> None:
        """Return when woken, when a message is due, or after a while."""
        if self._wake.is_set():
            return
        pause = _LOOK_SECONDS
        if self._due:
            pause = min(pause, max(0.0, self._due[0] - self._clock.now()))
        woken = asyncio.ensure_future(self._wake.wait())
        rested = asyncio.ensure_future(self._clock.sleep(pause))
        try:
            await asyncio.wait((woken, rested), return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            rested.cancel()

    async def _read_all(self) -> None:
        """Hand out batches until the queue is empty."""
        while True:
            await self._slots.acquire()
            try:
                batch = await self._gather_batch()
            except BaseException:
                self._slots.release()
                raise
            if not batch:
                self._slots.release()
                return
            self._gathered = []
            task = asyncio.create_task(self._process(batch))
            self._batches[task] = batch
            task.add_done_callback(self._finished)
            if len(batch) < self._batch_size and not self._wake.is_set():
                return  # The queue gave all it had.

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._batches[task]
        self._slots.release()
        if self.queue_name.endswith(".fifo"):
            self._wake.set()  # The next messages of these groups can be received now.
        if not task.cancelled() and task.exception() is not None:
            _log.error("Batch of %s failed", self.queue_name, exc_info=task.exception())

    async def _gather_batch(self) -> list[dict[str, Any]]:
        """Messages for one invocation: until full, or nothing more comes within the window."""
        batch = self._gathered = []
        ends: float | None = None
        while len(batch) < self._batch_size:
            wanted = min(_RECEIVE_LIMIT, self._batch_size - len(batch))
            messages = await self._receive(wanted)
            batch += messages
            if sum(len(message["Body"]) for message in batch) >= _LARGEST_BATCH_BYTES:
                break
            if batch and ends is None:
                ends = self._clock.now() + self._window
            if len(messages) < wanted:
                if ends is None or self._clock.now() >= ends:
                    break
                await self._wait_for_more(ends)
        return batch

    async def _wait_for_more(self, ends: float) -> None:
        self._wake.clear()
        heapq.heappush(self._due, ends)
        await self._rest()

    async def _receive(self, count: int) -> list[dict[str, Any]]:
        parameters = {
            "QueueUrl": self._queue_url,
            "MaxNumberOfMessages": count,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
            "WaitTimeSeconds": 0,
        }
        answer = await self._cloud.call("sqs", "ReceiveMessage", parameters, await self._reader())
        messages: list[dict[str, Any]] = list(answer.get("Messages") or ())
        if messages:
            times = await self._queue_times()
            visible_again = self._clock.now() + times[0] + _VISIBILITY_MARGIN_SECONDS
            for message in messages:
                message["_visible_at"] = visible_again
        return messages

    async def _reader(self) -> Principal:
        """The function's role: what reads the queue for it."""
        if self._principal is None:
            configuration = await self._cloud.call(
                "lambda",
                "GetFunctionConfiguration",
                {"FunctionName": self._function},
                Principal.root(),
            )
            self._principal = Principal.role(configuration["Role"], configuration["FunctionName"])
        return self._principal

    async def _queue_times(self) -> tuple[float, float]:
        """The queue's visibility time-out and delay, in seconds."""
        if self._timeouts is None:
            answer = await self._cloud.call(
                "sqs",
                "GetQueueAttributes",
                {"QueueUrl": self._queue_url, "AttributeNames": ["All"]},
                await self._reader(),
            )
            attributes = answer.get("Attributes") or {}
            self._timeouts = (
                float(attributes.get("VisibilityTimeout", 30)),
                float(attributes.get("DelaySeconds", 0)),
            )
        return self._timeouts

    # --- Invoking ----------------------------------------------------------------------------

    async def _process(self, batch: list[dict[str, Any]]) -> None:
        records = [make_record(message, self._queue_arn) for message in batch]
        taken = {r["messageId"]: r for r in records if self._filter.takes(r)}
        await self._delete([r for r in records if r["messageId"] not in taken])
        if not taken:
            return
        answer = await self._invoke(
            list(taken.values()), min(message["_visible_at"] for message in batch)
        )
        if answer is None or answer.get("FunctionError"):
            failed = set(taken)
            self.last_result = "PROBLEM: Function call failed"
        else:
            failed = failed_ids(_payload(answer), taken) if self._reports else set()
            self.last_result = "OK"
        if failed:
            heapq.heappush(self._due, max(message["_visible_at"] for message in batch))
            self._wake.set()
        await self._delete([r for name, r in taken.items() if name not in failed])

    async def _invoke(self, records: list[dict[str, Any]], until: float) -> dict[str, Any] | None:
        """Invoke the function; throttled, again and again while the messages are invisible."""
        parameters = {
            "FunctionName": self._function,
            "InvocationType": "RequestResponse",
            "Payload": to_json({"Records": records}).encode(),
        }
        pause = _FIRST_THROTTLE_PAUSE
        while True:
            try:
                # Lambda itself invokes: no policy has to allow it. A batch begins its own trace.
                with within(None):
                    answer: dict[str, Any] = await self._cloud.call(
                        "lambda", "Invoke", parameters, Principal.root()
                    )
            except ServiceError as error:
                if error.code not in _THROTTLED or self._clock.now() + pause >= until:
                    _log.warning("Function %s not invoked: %s", self._function, error)
                    return None
                await self._clock.sleep(pause)
                pause = min(_LONGEST_THROTTLE_PAUSE, 2 * pause)
            else:
                return answer

    async def _delete(self, records: list[dict[str, Any]]) -> None:
        for start in range(0, len(records), 10):
            entries = [
                {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
                for number, record in enumerate(records[start : start + 10])
            ]
            parameters = {"QueueUrl": self._queue_url, "Entries": entries}
            try:
                await self._cloud.call(
                    "sqs", "DeleteMessageBatch", parameters, await self._reader()
                )
            except ServiceError as error:
                self._report(f"PROBLEM: {error.message}", error)

    async def _give_back(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            parameters = {
                "QueueUrl": self._queue_url,
                "ReceiptHandle": message["ReceiptHandle"],
                "VisibilityTimeout": 0,
            }
            try:
                # Lambda's own doing: a function's role need not allow it.
                await self._cloud.call(
                    "sqs", "ChangeMessageVisibility", parameters, Principal.root()
                )
            except ServiceError as error:
                _log.warning("Message of %s not given back: %s", self.queue_name, error)


def _payload(answer: Mapping[str, Any]) -> bytes:
    payload = answer.get("Payload") or b""
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()
