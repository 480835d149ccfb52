"""Handing one event to one target, and what its refusals mean.

A target with a role is called as that role; the others are called as EventBridge itself, acting
for the rule, so that the resource policy of the queue, topic or function decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.events.clock import seconds_of

SERVICE_HOST = "events.amazonaws.com"

forwarded_event: ContextVar[dict[str, Any] | None] = ContextVar("forwarded_event", default=None)
"""The event that a rule forwards to another bus: PutEvents authorizes it, the envelope stays."""


class DeliveryError(Exception):
    """A target did not take an event.

    Args:
        code: As dead letters carry it in ERROR_CODE (user guide, dead-letter queues).
        message: What the target said.
        retriable: Whether trying again can help.
    """

    def __init__(self, code: str, message: str, *, retriable: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retriable = retriable


@dataclass(frozen=True, slots=True)
class Shipment:
    """One event for one target.

    Attributes:
        target: As PutTargets took it.
        event: The whole event.
        text: What the target is to receive.
        rule_arn: The rule that matched.
    """

    target: Mapping[str, Any]
    event: dict[str, Any]
    text: str
    rule_arn: str

    @property
    def arn(self) -> str:
        """The target's ARN."""
        return str(self.target["Arn"])

    @property
    def principal(self) -> Principal:
        """Who calls the target."""
        role = self.target.get("RoleArn")
        if role:
            return Principal.role(role, "windfall-events")
        return Principal.service(SERVICE_HOST, self.rule_arn)


def queue_url(cloud: Cloud, arn: str) -> str:
    """The address of a queue."""
    _, _, _, _, account, name = arn.split(":", 5)
    return f"{cloud.endpoint}/{account}/{name}"


async def _to_queue(cloud: Cloud, shipment: Shipment) -> None:
    parameters = {"QueueUrl": queue_url(cloud, shipment.arn), "MessageBody": shipment.text}
    fifo = shipment.target.get("SqsParameters") or {}
    if "MessageGroupId" in fifo:
        parameters["MessageGroupId"] = fifo["MessageGroupId"]
        # One event, one message, however often it is tried.
        parameters["MessageDeduplicationId"] = shipment.event["id"]
    await cloud.call("sqs", "SendMessage", parameters, shipment.principal)


async def _to_topic(cloud: Cloud, shipment: Shipment) -> None:
    parameters = {"TopicArn": shipment.arn, "Message": shipment.text}
    await cloud.call("sns", "Publish", parameters, shipment.principal)


async def _to_function(cloud: Cloud, shipment: Shipment) -> None:
    parameters = {
        "FunctionName": shipment.arn,
        "InvocationType": "Event",
        "Payload": shipment.text.encode(),
    }
    await cloud.call("lambda", "Invoke", parameters, shipment.principal)


async def _to_machine(cloud: Cloud, shipment: Shipment) -> None:
    parameters = {
        "stateMachineArn": shipment.arn,
        "name": execution_name(shipment),
        "input": shipment.text,
    }
    try:
        await cloud.call("stepfunctions", "StartExecution", parameters, shipment.principal)
    except ServiceError as error:
        # An earlier try got through and its answer was lost.
        if error.code != "ExecutionAlreadyExists":
            raise


def execution_name(shipment: Shipment) -> str:
    """The same for every try of an event and target, another for every other."""
    origin = f"{shipment.rule_arn} {shipment.target['Id']} {shipment.event.get('replay-name', '')}"
    return f"{shipment.event['id']}-{hashlib.blake2s(origin.encode(), digest_size=6).hexdigest()}"


async def _to_bus(cloud: Cloud, shipment: Shipment) -> None:
    event = shipment.event
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": shipment.text,
        "EventBusName": shipment.arn,
    }
    token = forwarded_event.set(event)
    try:
        answer = await cloud.call("events", "PutEvents", {"Entries": [entry]}, shipment.principal)
    finally:
        forwarded_event.reset(token)
    if answer["FailedEntryCount"]:
        failed = answer["Entries"][0]
        raise ServiceError(failed["ErrorCode"], failed["ErrorMessage"])


async def _to_log_group(cloud: Cloud, shipment: Shipment) -> None:
    group = shipment.arn.split(":log-group:", 1)[1].removesuffix(":*")
    stream = shipment.event["id"]
    place = {"logGroupName": group, "logStreamName": stream}
    try:
        await cloud.call("logs", "CreateLogStream", place, shipment.principal)
    except ServiceError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
    line = {"timestamp": int(seconds_of(shipment.event["time"]) * 1000), "message": shipment.text}
    await cloud.call("logs", "PutLogEvents", {**place, "logEvents": [line]}, shipment.principal)


_Sender = Callable[[Cloud, Shipment], Awaitable[None]]

_SENDERS: dict[str, _Sender] = {
    "sqs": _to_queue,
    "sns": _to_topic,
    "lambda": _to_function,
    "states": _to_machine,
    "events": _to_bus,
    "logs": _to_log_group,
}


def is_supported(arn: str) -> bool:
    """Whether an ARN is of a kind that can be a target here."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] not in _SENDERS:
        return False
    return parts[2] != "events" or parts[5].startswith("event-bus/")


async def send(cloud: Cloud, shipment: Shipment) -> None:
    """Hand an event to its target.

    Raises:
        DeliveryError: The target did not take it.
    """
    try:
        await _SENDERS[shipment.arn.split(":")[2]](cloud, shipment)
    except ServiceError as error:
        raise _explain(error) from error


_MISSING = (
    "ResourceNotFound",
    "NonExistentQueue",
    "QueueDoesNotExist",
    "DoesNotExist",
    "NotFound",
    "StateMachineDeleting",
)
_DENIED = ("AccessDenied", "NotAuthorized", "AuthorizationError", "KMSAccessDenied")
_THROTTLED = ("Throttl", "TooManyRequests", "LimitExceeded", "SlowDown", "RequestLimit")


def passes(error: ServiceError) -> bool:
    """Whether an error passes by itself, so that trying again can help."""
    return _explain(error).retriable


def _explain(error: ServiceError) -> DeliveryError:
    if any(word in error.code for word in _THROTTLED) or error.status == 429:
        return DeliveryError("THROTTLING", error.message, retriable=True)
    if any(word in error.code for word in _DENIED) or error.status == 403:
        return DeliveryError("NO_PERMISSIONS", error.message, retriable=False)
    if any(word in error.code for word in _MISSING) or error.status == 404:
        return DeliveryError("NO_RESOURCE", error.message, retriable=False)
    if error.status >= 500 and error.status != 501:
        return DeliveryError("ERROR_FROM_TARGET", error.message, retriable=True)
    return DeliveryError("INVALID_PARAMETER", f"{error.code}: {error.message}", retriable=False)
