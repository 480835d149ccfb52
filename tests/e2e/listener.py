"""Hearing what a deployment says over its buses."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from tests.e2e.deployment import Deployment, Dropped, until

Event = dict[str, Any]


class Listener:
    """A queue of the test's own that hears what a bus says.

    Args:
        deployment: Whose events.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._sqs, self._events = deployment.client("sqs"), deployment.client("events")
        self._name = f"e2e-{uuid.uuid4().hex[:12]}"
        self._url = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self._arn = attributes["Attributes"]["QueueArn"]
        self._rules: list[tuple[str, str]] = []
        self._statements: list[dict[str, Any]] = []
        self._heard: list[Event] = []

    def listen(self, bus: str, pattern: dict[str, Any]) -> None:
        """Hear the events of a bus that match a pattern."""
        name = f"{self._name}-{len(self._rules)}"
        arn = self._events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))[
            "RuleArn"
        ]
        self._rules.append((bus, name))
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self._arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": arn}},
        }
        self._statements.append(statement)
        document = {"Version": "2012-10-17", "Statement": self._statements}
        self._sqs.set_queue_attributes(
            QueueUrl=self._url, Attributes={"Policy": json.dumps(document)}
        )
        failed = self._events.put_targets(
            Rule=name, EventBusName=bus, Targets=[{"Id": "e2e", "Arn": self._arn}]
        )
        assert failed["FailedEntryCount"] == 0, failed

    def heard(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """Every event that was heard so far and is wanted."""
        self._receive()
        return [event for event in self._heard if wanted(event)]

    def wait(self, wanted: Callable[[Event], bool], what: str) -> Event:
        """The first event that is wanted."""
        return until(lambda: next(iter(self.heard(wanted)), None), f"the event {what}")

    def of_file(self, file: Dropped, detail_type: str) -> Event:
        """The first event of a type about a file."""
        return self.wait(
            lambda event: (
                event["detail-type"] == detail_type
                and event["detail"].get("file_id") == file.file_id
            ),
            f"{detail_type} of {file.key}",
        )

    def dropped(self, file: Dropped) -> Event:
        """S3's own event about a file."""
        return self.wait(
            lambda event: (
                event["source"] == "aws.s3"
                and event["detail"]["object"].get("version-id") == file.version_id
            ),
            f"Object Created of {file.key}",
        )

    def _receive(self) -> None:
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            self._heard.extend(json.loads(message["Body"]) for message in messages)
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def close(self) -> None:
        """Remove what was made."""
        for bus, name in self._rules:
            self._events.remove_targets(Rule=name, EventBusName=bus, Ids=["e2e"])
            self._events.delete_rule(Name=name, EventBusName=bus)
        self._sqs.delete_queue(QueueUrl=self._url)
