"""A topic that Rekognition tells, with a queue behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.integration.conftest import ClientFactory
from windfall_local.api import ACCOUNT

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "rekognition.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def until(condition: Callable[[], Any]) -> Any:
    """What a condition finds at last."""
    end = time.monotonic() + 100
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to that")


class Topic:
    """A topic, a queue that is subscribed to it, and a role that may publish.

    Args:
        client: Makes clients.
        name: Of all three.
    """

    def __init__(self, client: ClientFactory, name: str) -> None:
        self._client = client
        self._name = name
        self.arn = f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"
        self.role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        self.channel = {"SNSTopicArn": self.arn, "RoleArn": self.role}

    @classmethod
    def create(cls, client: ClientFactory, name: str, *, may_publish: bool = True) -> Topic:
        """Make it; a role that may not publish, if the test wants that."""
        topic = cls(client, name)
        sqs, sns, iam = client("sqs"), client("sns"), client("iam")
        sns.create_topic(Name=name)
        asked = {
            "QueueUrl": sqs.create_queue(QueueName=name)["QueueUrl"],
            "AttributeNames": ["QueueArn"],
        }
        queue = sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic.arn, Protocol="sqs", Endpoint=queue)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        if may_publish:
            statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic.arn}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_role_policy(RoleName=name, PolicyName="publish", PolicyDocument=policy)
        return topic

    def messages(self, wait: int = 0) -> list[dict[str, Any]]:
        """What came, each once."""
        sqs = self._client("sqs")
        url = sqs.get_queue_url(QueueName=self._name)["QueueUrl"]
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait}
        received = sqs.receive_message(**asked).get("Messages", [])
        for one in received:  # else it comes again after half a minute
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return [json.loads(json.loads(one["Body"])["Message"]) for one in received]
