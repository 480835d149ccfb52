"""What SNS delivers to functions: the messages of a topic, to the Lambda subscriptions it has.

moto keeps topics and subscriptions and hands messages to queues by itself. Functions are ours, so
their deliveries are made here, as SNS makes them: an asynchronous invocation for each
subscription, by SNS itself, so that the function's own policy decides.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from windfall_local.api import Cloud, CompletedCall, Principal, ServiceError
from windfall_local.events.targets import passes
from windfall_local.stores.stores import Stores

SERVICE_HOST = "sns.amazonaws.com"
_PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Before a function that throttles is tried again. SNS goes on for weeks; here somebody waits."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Message:
    """One message of a topic, as Publish took it."""

    topic: str
    message_id: str
    text: str
    subject: str | None
    structure: str | None
    attributes: dict[str, dict[str, Any]]


class TopicDeliveries:
    """Watches SNS's calls and hands messages to subscribed functions (an `api.Observer`).

    Args:
        cloud: Where the functions are.
        stores: Where the subscriptions are.
    """

    SERVICE = "sns"
    OPERATIONS = ("Publish", "PublishBatch")
    """What it wants to be told of."""

    def __init__(self, cloud: Cloud, stores: Stores) -> None:
        self._cloud = cloud
        self._stores = stores

    async def __call__(self, call: CompletedCall) -> None:
        """Deliver what was published; a function that does not take it holds up no other."""
        for message in _published(call):
            for subscription, function, text in await self._deliveries(message):
                await self._deliver(message, subscription, function, text)

    async def _deliveries(self, message: _Message) -> list[tuple[str, str, str]]:
        """Subscription, function and text of every delivery to make."""
        async with self._stores.turn() as stores:
            found = []
            for one in stores.backend("sns").subscriptions.values():
                if one.topic.arn != message.topic or one.protocol != "lambda":
                    continue
                matcher = one._filter_policy_matcher
                if matcher is not None and not matcher.matches(message.attributes, message.text):
                    continue
                found.append((one.arn, one.endpoint, _text_for_functions(message)))
        return found

    async def _deliver(
        self, message: _Message, subscription: str, function: str, text: str
    ) -> None:
        parameters = {
            "FunctionName": function,
            "InvocationType": "Event",
            "Payload": json.dumps(_event(message, subscription, text)).encode(),
        }
        principal = Principal.service(SERVICE_HOST, message.topic)
        for pause in (*_PAUSES_SECONDS, None):
            try:
                await self._cloud.call("lambda", "Invoke", parameters, principal)
            except ServiceError as error:
                if pause is not None and passes(error):
                    await asyncio.sleep(pause)
                    continue
                # Whoever published is not to blame, and on AWS would not hear of it either.
                _log.error("A message of %s did not reach %s: %s", message.topic, function, error)
            return


def _published(call: CompletedCall) -> Iterator[_Message]:
    if call.operation == "Publish":
        yield _message(call.parameters, call.parameters, call.response["MessageId"])
        return
    entries = {entry["Id"]: entry for entry in call.parameters["PublishBatchRequestEntries"]}
    for done in call.response.get("Successful", ()):
        yield _message(call.parameters, entries[done["Id"]], done["MessageId"])


def _message(target: dict[str, Any], entry: dict[str, Any], message_id: str) -> _Message:
    attributes = {
        name: {"Type": value["DataType"], "Value": value.get("StringValue", "")}
        for name, value in (entry.get("MessageAttributes") or {}).items()
    }
    return _Message(
        topic=target.get("TopicArn") or target.get("TargetArn") or "",
        message_id=message_id,
        text=entry["Message"],
        subject=entry.get("Subject"),
        structure=entry.get("MessageStructure"),
        attributes=attributes,
    )


def _text_for_functions(message: _Message) -> str:
    """The message, or with a structure the one that is meant for functions."""
    if message.structure != "json":
        return message.text
    texts = json.loads(message.text)
    return str(texts.get("lambda", texts["default"]))


def _event(message: _Message, subscription: str, text: str) -> dict[str, Any]:
    """What the function gets; nothing is signed here, so the fields of the signature are empty."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    notification = {
        "Type": "Notification",
        "MessageId": message.message_id,
        "TopicArn": message.topic,
        "Subject": message.subject,
        "Message": text,
        "Timestamp": now,
        "SignatureVersion": "1",
        "Signature": "",
        "SigningCertUrl": "",
        "UnsubscribeUrl": "",
        "MessageAttributes": message.attributes,
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": notification,
    }
    return {"Records": [record]}
