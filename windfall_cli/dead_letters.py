"""Dead letters: what waits in the queues for what could not be done, and where each goes back to.

A message is deleted only after its target has taken it. Every target is idempotent, so a message
that is sent twice (a crash in between) does nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from windfall_cli.stack import Stack

QUEUES = ("AdmissionDeadLetterQueue", "EventDeadLetterQueue")
_HIDDEN_SECONDS = 120
"""How long a message that was looked at stays hidden from others who redrive."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of a dead-letter queue.

    Attributes:
        queue: The logical ID of its queue.
        target: The logical ID, or the ARN, of what takes it back; None when nobody knows.
        reason: Why it is here, where the message says so.
    """

    queue: str
    body: str
    receipt: str
    target: str | None
    reason: str


class DeadLetters:
    """The dead-letter queues of a stack.

    Args:
        stack: The stack.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._sqs = stack.client("sqs")

    def waiting(self, queue: str) -> int:
        """About how many messages a queue holds."""
        answer = self._sqs.get_queue_attributes(
            QueueUrl=self._stack.resource(queue),
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def receive(self, queue: str) -> Iterator[DeadLetter]:
        """Every message that can be received now, each once."""
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._stack.resource(queue),
                MaxNumberOfMessages=10,
                VisibilityTimeout=_HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            for message in messages:
                yield _letter(queue, message)

    def give_back(self, letter: DeadLetter) -> None:
        """Hand a message to its target, then delete it.

        Raises:
            botocore.exceptions.ClientError: The target does not take it; it stays in its queue.
        """
        assert letter.target is not None  # who asks has looked
        if letter.target.startswith("arn:aws:sqs:") or letter.target == "AdmissionQueue":
            queue = self._queue_of(letter.target)
            self._sqs.send_message(QueueUrl=queue, MessageBody=letter.body)
        else:
            name = letter.target
            function = name if name.startswith("arn:") else self._stack.resource(name)
            self._stack.client("lambda").invoke(
                FunctionName=function, InvocationType="Event", Payload=letter.body.encode()
            )
        source = self._stack.resource(letter.queue)
        self._sqs.delete_message(QueueUrl=source, ReceiptHandle=letter.receipt)

    def _queue_of(self, target: str) -> str:
        if not target.startswith("arn:"):
            return self._stack.resource(target)
        answer = self._sqs.get_queue_url(QueueName=target.rpartition(":")[2])
        return str(answer["QueueUrl"])


def _letter(queue: str, message: dict[str, Any]) -> DeadLetter:
    attributes = {
        name: value.get("StringValue", "")
        for name, value in message.get("MessageAttributes", {}).items()
    }
    body, target = _destination(queue, message["Body"], attributes)
    code = attributes.get("ERROR_CODE") or attributes.get("ErrorCode") or ""
    text = attributes.get("ERROR_MESSAGE") or attributes.get("ErrorMessage") or ""
    reason = ": ".join(part for part in (code, text) if part) or "received too often"
    return DeadLetter(queue, body, message["ReceiptHandle"], target, reason)


def _destination(queue: str, body: str, attributes: dict[str, str]) -> tuple[str, str | None]:
    """What to send, and to whom."""
    if queue == "AdmissionDeadLetterQueue":
        return body, "AdmissionQueue"
    if "TARGET_ARN" in attributes:
        return body, attributes["TARGET_ARN"]  # EventBridge says where it wanted to go
    try:
        event = json.loads(body)
    except ValueError:
        return body, None
    if not isinstance(event, dict):
        return body, None
    if event.get("Type") == "Notification":
        # SNS hands over the message alone; the function knows it by its envelope.
        record = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": event}
        return json.dumps({"Records": [record]}), "ResumeJobFunction"
    return body, _function_of(event)


def _function_of(event: dict[str, Any]) -> str | None:
    """Whose asynchronous invocation it was: Lambda does not say, but the event does."""
    if "Records" in event:
        return "ResumeJobFunction"
    match event.get("source"):
        case "aws.states":
            return "RecordFailureFunction"
        case "aws.events":
            return "ReconcileJobsFunction"
        case str() as source if source.startswith("aws."):
            return "ResumeJobFunction"
    return None
