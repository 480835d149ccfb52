"""At-least-once delivery: a journal, a bounded number of senders, retries, dead letters."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.events.clock import Clock
from windfall_local.events.errors import InvalidInputError
from windfall_local.events.journal import Journal, PendingRow
from windfall_local.events.targets import (
    SERVICE_HOST,
    DeliveryError,
    Shipment,
    passes,
    queue_url,
    send,
)
from windfall_local.events.transformers import Origin, render_input, to_json

# The defaults, which are also the largest values (user guide, retry policy).
MOST_ATTEMPTS = 185
MOST_AGE_SECONDS = 86_400

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 480.0
_ATTEMPT_SECONDS = 60.0
_FAREWELL_SECONDS = 5.0
_GRACE_SECONDS = 300.0
_DISK_PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Deliverer:
    """Delivers events to targets.

    Args:
        cloud: Where the targets are.
        journal: Where accepted deliveries are kept until they are done.
        clock: Times retries.
        concurrency: How many deliveries may be under way at once; the others queue.
        jitter: Spreads retries.
    """

    def __init__(
        self,
        cloud: Cloud,
        journal: Journal,
        clock: Clock,
        *,
        concurrency: int = 32,
        jitter: random.Random | None = None,
    ) -> None:
        self._cloud = cloud
        self._journal = journal
        self._clock = clock
        self._concurrency = concurrency
        self._jitter = jitter or random.Random()
        self._queue: asyncio.Queue[PendingRow] = asyncio.Queue()
        self._left = journal.pending()
        self._recovered = {row.id for row in self._left}
        self._grace_ends = 0.0
        self._senders: list[asyncio.Task[None]] = []
        self._pauses: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[Any] | None] = set()
        self._stopping = False

    def accept(
        self, rule_arn: str, target: Mapping[str, Any], event: dict[str, Any], ingested: float
    ) -> None:
        """Take a delivery over: from here on it is not lost."""
        row = PendingRow(uuid.uuid4().hex, rule_arn, dict(target), event, ingested, 0)
        self._journal.add_pending(row)
        self._queue.put_nowait(row)

    async def start(self) -> None:
        """Begin to deliver, with what an earlier process left."""
        for row in self._left:
            self._queue.put_nowait(row)
        self._left = []
        self._grace_ends = self._clock.now() + _GRACE_SECONDS
        self._stopping = False
        self._senders = [
            asyncio.create_task(self._deliver_queued(), name=f"eventbridge-sender-{number}")
            for number in range(self._concurrency)
        ]

    async def stop(self) -> None:
        """End: what is under way may finish, the rest stays in the journal."""
        self._stopping = True
        for pause in self._pauses:
            pause.cancel()
        for sender in self._senders:
            if sender not in self._busy:
                sender.cancel()
        if self._senders:
            await asyncio.wait(self._senders, timeout=_FAREWELL_SECONDS)
        for sender in self._senders:
            sender.cancel()
        await asyncio.gather(*self._senders, *self._pauses, return_exceptions=True)
        self._senders = []

    async def drain(self) -> None:
        """Return when nothing is queued or under way; what waits for a retry does not count."""
        await self._queue.join()

    async def _deliver_queued(self) -> None:
        this = asyncio.current_task()
        while not self._stopping:
            row = await self._queue.get()
            self._busy.add(this)
            try:
                await self._attempt(row)
            except Exception:
                _log.exception("Delivery %s to %s failed", row.id, row.target["Arn"])
            finally:
                self._busy.discard(this)
                self._queue.task_done()

    async def _attempt(self, row: PendingRow) -> None:
        try:
            await self._send(row)
        except DeliveryError as error:
            await self._handle_failure(row, error)
        else:
            await self._done(row)

    async def _send(self, row: PendingRow) -> None:
        origin = Origin(row.rule_arn, row.ingested)
        try:
            text = render_input(row.target, row.event, origin)
        except InvalidInputError as error:
            raise DeliveryError("INVALID_JSON", str(error), retriable=False) from error
        shipment = Shipment(row.target, row.event, text, row.rule_arn)
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                await send(self._cloud, shipment)
        except TimeoutError as error:
            message = f"The target did not answer within {_ATTEMPT_SECONDS:.0f} seconds."
            raise DeliveryError("TIMEOUT", message, retriable=True) from error
        except DeliveryError:
            raise
        except Exception as error:
            _log.exception("Target %s failed", shipment.arn)
            raise DeliveryError("INTERNAL_ERROR", repr(error), retriable=True) from error

    async def _handle_failure(self, row: PendingRow, error: DeliveryError) -> None:
        is_early = row.id in self._recovered and self._clock.now() < self._grace_ends
        if is_early and not error.retriable:
            # After a restart the queue or the role may not be there yet.
            self._retry_later(row, 1.0)
            return
        policy = row.target.get("RetryPolicy") or {}
        pause = self._pause(row.attempts)
        age = self._clock.now() + pause - row.ingested
        exhausted = None
        if row.attempts >= policy.get("MaximumRetryAttempts", MOST_ATTEMPTS):
            exhausted = "MaximumRetryAttempts"
        elif age > policy.get("MaximumEventAgeInSeconds", MOST_AGE_SECONDS):
            exhausted = "MaximumEventAgeInSeconds"
        if error.retriable and exhausted is None:
            row.attempts += 1
            with suppress(OSError):  # On a full disk it is counted by this process only.
                self._journal.count_attempt(row.id, row.attempts)
            self._retry_later(row, pause)
            return
        _log.warning("Event %s for %s given up: %s", row.event["id"], row.target["Arn"], error)
        if await self._bury(row, error, exhausted if error.retriable else None):
            await self._done(row)
        else:
            self._retry_later(row, _DISK_PAUSE_SECONDS)

    def _pause(self, attempts: int) -> float:
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(attempts, 20))
        return longest * self._jitter.uniform(0.5, 1.0)

    def _retry_later(self, row: PendingRow, seconds: float) -> None:
        async def pause() -> None:
            await self._clock.sleep(seconds)
            self._queue.put_nowait(row)

        task = asyncio.create_task(pause())
        self._pauses.add(task)
        task.add_done_callback(self._pauses.discard)

    async def _bury(self, row: PendingRow, error: DeliveryError, exhausted: str | None) -> bool:
        """Send the event as it came to the target's dead-letter queue, if it has one.

        Returns:
            Whether that is the end of it; on a full disk, or throttled, it is not.
        """
        arn = (row.target.get("DeadLetterConfig") or {}).get("Arn")
        if not arn:
            return True
        attributes = {
            "RULE_ARN": row.rule_arn,
            "TARGET_ARN": row.target["Arn"],
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message or error.code,
            "RETRY_ATTEMPTS": str(row.attempts),
        }
        if exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        parameters = {
            "QueueUrl": queue_url(self._cloud, arn),
            "MessageBody": to_json(row.event),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        }
        principal = Principal.service(SERVICE_HOST, row.rule_arn)
        try:
            await self._cloud.call("sqs", "SendMessage", parameters, principal)
        except ServiceError as failure:
            _log.error("Dead letter for %s not taken by %s: %s", row.event["id"], arn, failure)
            return not passes(failure)
        return True

    async def _done(self, row: PendingRow) -> None:
        """Strike a delivery; it would be made again by the next process as long as it is there."""
        while True:
            try:
                self._journal.remove_pending(row.id)
            except OSError as error:
                _log.warning("Delivery %s is made, and can't be struck: %s", row.id, error)
                await self._clock.sleep(_DISK_PAUSE_SECONDS)
            else:
                break
        self._recovered.discard(row.id)
