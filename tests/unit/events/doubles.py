"""A clock and a cloud that tests hold in their hands."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windfall_local.api import (
    ACCOUNT,
    CallContext,
    CompletedCall,
    Credentials,
    Observer,
    Principal,
    Service,
    ServiceError,
)

REGION = "us-east-1"
START = 1_795_413_600.0  # 2026-11-23T06:00:00Z

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


async def settle() -> None:
    """Let everything run that can run."""
    for _ in range(60):
        await asyncio.sleep(0)


class ManualClock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.time = START
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self._count += 1
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, self._count, woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking every sleeper in its order."""
        end = self.time + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self.time = max(self.time, due)
            if not woken.done():
                woken.set_result(None)
                await settle()
        self.time = end
        await settle()


@dataclass
class FakeMessage:
    body: str
    attributes: dict[str, Any] = field(default_factory=dict)
    visible_at: float = 0.0
    received: int = 0
    receipt: str = ""


@dataclass
class FakeQueue:
    messages: dict[str, FakeMessage] = field(default_factory=dict)
    visibility: float = 30.0

    def bodies(self) -> list[Any]:
        return [json.loads(message.body) for message in self.messages.values()]


class FakeCloud:
    """Queues in memory, functions that are coroutines, and every call written down."""

    def __init__(self, data_dir: Path, clock: ManualClock) -> None:
        self.region = REGION
        self.endpoint = "http://127.0.0.1:4566"
        self.data_dir = data_dir
        self.clock = clock
        self.services: dict[str, Service] = {}
        self.observers: list[Observer] = []
        self.queues: dict[str, FakeQueue] = {}
        self.functions: dict[str, Handler] = {}
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, str, dict[str, Any], Principal]] = []
        self.refusals: list[tuple[str, str, ServiceError]] = []
        self._receipts = 0

    def refuse(self, service: str, operation: str, *errors: ServiceError) -> None:
        """Answer the next calls of an operation with errors, one after the other."""
        self.refusals += [(service, operation, error) for error in errors]

    def called(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for _, name, parameters, _ in self.calls if name == operation]

    def queue(self, name: str) -> FakeQueue:
        return self.queues.setdefault(name, FakeQueue())

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        self.calls.append((service, operation, parameters, principal))
        for refusal in self.refusals:
            if refusal[:2] == (service, operation):
                self.refusals.remove(refusal)
                raise refusal[2]
        if service in self.services:
            context = CallContext(self, principal, "request")
            return await self.services[service].call(operation, parameters, context)
        if service == "sqs":
            answer = self._sqs(operation, parameters)
        elif (service, operation) == ("lambda", "Invoke"):
            name = parameters["FunctionName"].rsplit(":", 1)[-1]
            answer = await self.functions[name](json.loads(parameters["Payload"]))
        elif (service, operation) == ("lambda", "GetFunctionConfiguration"):
            name = parameters["FunctionName"].rsplit(":", 1)[-1]
            answer = {"Role": f"arn:aws:iam::{ACCOUNT}:role/{name}", "FunctionName": name}
        else:
            answer = self.answers.get(operation, {})
        call = CompletedCall(service, operation, parameters, answer, principal)
        for observer in self.observers:
            await observer(call)
        return answer

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        raise AssertionError("the service under test emits itself")

    def credentials(self, principal: Principal) -> Credentials:
        return Credentials(principal.arn, "secret")

    # --- Queues ------------------------------------------------------------------------------

    def _sqs(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        name = parameters["QueueUrl"].rsplit("/", 1)[-1]
        if name not in self.queues:
            raise ServiceError(
                "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
            )
        queue = self.queues[name]
        match operation:
            case "SendMessage":
                self._store(queue, parameters)
            case "ReceiveMessage":
                return self._receive(queue, parameters["MaxNumberOfMessages"])
            case "DeleteMessageBatch":
                receipts = {entry["ReceiptHandle"] for entry in parameters["Entries"]}
                for key, message in list(queue.messages.items()):
                    if message.receipt in receipts:
                        del queue.messages[key]
            case "ChangeMessageVisibility":
                for message in queue.messages.values():
                    if message.receipt == parameters["ReceiptHandle"]:
                        message.visible_at = self.clock.now() + parameters["VisibilityTimeout"]
            case "GetQueueAttributes":
                return {
                    "Attributes": {
                        "VisibilityTimeout": str(int(queue.visibility)),
                        "DelaySeconds": "0",
                    }
                }
        return {}

    def _store(self, queue: FakeQueue, parameters: dict[str, Any]) -> None:
        self._receipts += 1
        queue.messages[f"m{self._receipts}"] = FakeMessage(
            parameters["MessageBody"],
            parameters.get("MessageAttributes", {}),
            self.clock.now() + parameters.get("DelaySeconds", 0),
        )

    def _receive(self, queue: FakeQueue, count: int) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for key, message in queue.messages.items():
            if message.visible_at <= self.clock.now() and len(found) < count:
                self._receipts += 1
                message.receipt = f"r{self._receipts}"
                message.visible_at = self.clock.now() + queue.visibility
                message.received += 1
                found.append(
                    {
                        "MessageId": key,
                        "ReceiptHandle": message.receipt,
                        "Body": message.body,
                        "MD5OfBody": "md5",
                        "Attributes": {"ApproximateReceiveCount": str(message.received)},
                        "MessageAttributes": message.attributes,
                    }
                )
        return {"Messages": found} if found else {}


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
