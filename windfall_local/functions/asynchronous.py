"""Asynchronous invocations: accepted, kept on disk until they ended, tried again, handed on.

An accepted event is a file until its function succeeded or its failure was handed to the
on-failure destination and the dead-letter target: it survives the end of this process.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.events.targets import passes
from windfall_local.functions.invocations import Outcome
from windfall_local.functions.records import FunctionRecord

log = logging.getLogger(__name__)

RunEvent = Callable[[str, bytes, str], Awaitable[Outcome]]
THROTTLE_SECONDS = 1.0
_DEFAULT_RETRIES = 2
_DEFAULT_AGE_SECONDS = 21_600


class EventQueue:
    """Runs events to their end.

    Args:
        cloud: For destinations.
        directory: One file per event that has not ended.
        run: Invokes a function by name with a payload and a request id.
        retry_seconds: Waits before the second and the third attempt.
    """

    def __init__(
        self,
        cloud: Cloud,
        directory: Path,
        run: RunEvent,
        *,
        retry_seconds: tuple[float, float],
    ) -> None:
        self._cloud = cloud
        self._directory = directory
        self._run = run
        self._retry_seconds = retry_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Take up what a former run accepted and did not end."""
        if not self._directory.exists():
            return
        for path in sorted(self._directory.glob("*.json")):
            self._begin(path, json.loads(path.read_text()))

    async def stop(self) -> None:
        """Stop trying; the files stay."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def accept(self, record: FunctionRecord, payload: bytes, request_id: str) -> None:
        """Keep an event, and start on it."""
        event = {
            "function": record.name,
            "function_arn": record.arn,
            "role": record.role,
            "request_id": request_id,
            "accepted": time.time(),
            "payload": base64.b64encode(payload).decode(),
            "retries": (record.event_invoke or {}).get("MaximumRetryAttempts", _DEFAULT_RETRIES),
            "age": (record.event_invoke or {}).get(
                "MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS
            ),
            "destinations": (record.event_invoke or {}).get("DestinationConfig", {}),
            "dead_letters": record.settings.get("DeadLetterConfig", {}).get("TargetArn"),
        }
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"{request_id}.json"
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(event))
        os.replace(draft, path)  # noqa: PTH105, RUF100 - atomic
        self._begin(path, event)

    def _begin(self, path: Path, event: dict[str, Any]) -> None:
        task = asyncio.create_task(self._finish(path, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, path: Path, event: dict[str, Any]) -> None:
        try:
            outcome, attempts, condition = await self._attempt(event)
            side = "OnFailure" if condition != "Success" else "OnSuccess"
            destination = event["destinations"].get(side, {}).get("Destination")
            record = _destination_record(event, outcome, attempts, condition)
            principal = Principal.role(event["role"], event["function"])
            if destination:
                await self._deliver(destination, json.dumps(record), {}, principal)
            if side == "OnFailure" and event["dead_letters"]:
                body = base64.b64decode(event["payload"]).decode()
                attributes = _dead_letter_attributes(event, outcome)
                await self._deliver(event["dead_letters"], body, attributes, principal)
            if side == "OnFailure" and not (destination or event["dead_letters"]):
                log.warning("An event of %s failed %d times.", event["function"], attempts)
        except ServiceError as error:
            log.error("An event of %s was lost on its way: %s", event["function"], error)
        path.unlink(missing_ok=True)

    async def _attempt(self, event: dict[str, Any]) -> tuple[Outcome | None, int, str]:
        """The last outcome, how many attempts there were, and AWS's word for how it ended."""
        payload = base64.b64decode(event["payload"])
        attempts, outcome = 0, None
        while True:
            if time.time() - event["accepted"] > event["age"]:
                return outcome, attempts, "EventAgeExceeded"
            try:
                outcome = await self._run(event["function"], payload, event["request_id"])
            except ServiceError as error:
                if error.code != "TooManyRequestsException":
                    raise
                await asyncio.sleep(THROTTLE_SECONDS)  # Throttling does not count as an attempt.
                continue
            attempts += 1
            if not outcome.failed:
                return outcome, attempts, "Success"
            if attempts > event["retries"]:
                return outcome, attempts, "RetriesExhausted"
            await asyncio.sleep(self._retry_seconds[attempts - 1])

    async def _deliver(
        self, arn: str, body: str, attributes: dict[str, Any], principal: Principal
    ) -> None:
        service, _region, account, resource = arn.split(":", 5)[2:6]
        parameters: dict[str, Any]
        match service:
            case "sqs":
                operation, url = "SendMessage", f"{self._cloud.endpoint}/{account}/{resource}"
                parameters = {"QueueUrl": url, "MessageBody": body, "MessageAttributes": attributes}
            case "sns":
                operation = "Publish"
                parameters = {"TopicArn": arn, "Message": body, "MessageAttributes": attributes}
            case "events":
                operation, parameters = "PutEvents", _bus_entry(arn, body)
            case _:
                operation = "Invoke"
                parameters = {"FunctionName": arn, "Payload": body.encode()}
                parameters["InvocationType"] = "Event"
        while True:
            try:
                await self._cloud.call(service, operation, parameters, principal)
            except ServiceError as error:
                if not passes(error):
                    raise
                # What was accepted waits until there is room.
                log.warning("%s does not take an event's outcome: %s", arn, error)
                await asyncio.sleep(THROTTLE_SECONDS)
            else:
                return


def _bus_entry(arn: str, body: str) -> dict[str, Any]:
    record = json.loads(body)
    failed = record["requestContext"]["condition"] != "Success"
    return {
        "Entries": [
            {
                "Source": "lambda",
                "DetailType": "Lambda Function Invocation Result - "
                + ("Failure" if failed else "Success"),
                "Detail": body,
                "EventBusName": arn,
                "Resources": [arn, record["requestContext"]["functionArn"]],
            }
        ]
    }


def _destination_record(
    event: dict[str, Any], outcome: Outcome | None, attempts: int, condition: str
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": event["request_id"],
            "functionArn": f"{event['function_arn']}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(base64.b64decode(event["payload"])),
    }
    if outcome is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            **({"functionError": "Unhandled"} if outcome.failed else {}),
        }
        record["responsePayload"] = json.loads(outcome.payload)
    return record


def _dead_letter_attributes(event: dict[str, Any], outcome: Outcome | None) -> dict[str, Any]:
    message = "The event became too old."
    if outcome is not None:
        message = str(json.loads(outcome.payload).get("errorMessage", ""))
    return {
        "RequestID": {"DataType": "String", "StringValue": event["request_id"]},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": message[:1024] or "-"},
    }
