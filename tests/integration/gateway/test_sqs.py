"""SQS through the gateway: long polls, visibility, dead letters."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from windfall_local.cloud import LocalCloud


@pytest.fixture
def sqs(client: Any) -> Any:
    return client("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    return str(sqs.create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"])


def receive(sqs: Any, queue: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(sqs.receive_message(QueueUrl=queue, **parameters).get("Messages", []))


def test_a_queues_url_is_at_the_endpoint(cloud: LocalCloud, queue: str) -> None:
    assert queue.startswith(f"{cloud.endpoint}/000000000000/queue-")


def test_a_message_wakes_a_long_poll(sqs: Any, client: Any, queue: str) -> None:
    found: list[dict[str, Any]] = []
    sender = client("sqs")
    waiting = threading.Thread(target=lambda: found.extend(receive(sqs, queue, WaitTimeSeconds=20)))
    waiting.start()

    # Others are answered while somebody waits.
    sender.send_message(QueueUrl=queue, MessageBody="here")
    waiting.join(18)  # A poll that nobody wakes looks once more when its 20 seconds are over.

    assert [message["Body"] for message in found] == ["here"]


def test_setting_an_attribute_leaves_the_policy_as_it_is(sqs: Any, queue: str) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "7"})

    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert json.loads(found["Policy"])["Statement"] == [statement]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert "Policy" not in found


def test_a_poll_without_waiting_returns_at_once(sqs: Any, queue: str) -> None:
    assert receive(sqs, queue, WaitTimeSeconds=0) == []


def test_a_message_is_there_again_after_its_time(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="again")
    first = receive(sqs, queue, VisibilityTimeout=1)

    second = receive(sqs, queue, WaitTimeSeconds=10, AttributeNames=["All"])

    assert [m["MessageId"] for m in second] == [m["MessageId"] for m in first]
    assert second[0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_delayed_message_ends_the_poll_when_it_is_due(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=1)

    assert [m["Body"] for m in receive(sqs, queue, WaitTimeSeconds=10)] == ["later"]


def test_a_message_made_visible_wakes_a_long_poll(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="back")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]

    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)

    assert [m["Body"] for m in receive(sqs, queue, WaitTimeSeconds=10)] == ["back"]


def test_a_message_received_too_often_is_a_dead_letter(sqs: Any) -> None:
    dead = sqs.create_queue(QueueName=f"dead-{uuid.uuid4()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    policy = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 2}
    live = sqs.create_queue(
        QueueName=f"live-{uuid.uuid4()}", Attributes={"RedrivePolicy": json.dumps(policy)}
    )["QueueUrl"]
    sqs.send_message(QueueUrl=live, MessageBody="poison")

    for _ in range(2):
        handle = receive(sqs, live)[0]["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=live, ReceiptHandle=handle, VisibilityTimeout=0)

    assert receive(sqs, live) == []
    assert [m["Body"] for m in receive(sqs, dead, WaitTimeSeconds=10)] == ["poison"]


def test_a_deleted_message_does_not_come_back(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="done")
    handle = receive(sqs, queue, VisibilityTimeout=1)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)

    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_queue_that_is_not_there_has_the_code_of_aws(sqs: Any, cloud: LocalCloud) -> None:
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        receive(sqs, f"{cloud.endpoint}/000000000000/nowhere", WaitTimeSeconds=20)


def test_a_wait_out_of_range_is_refused(sqs: Any, queue: str) -> None:
    with pytest.raises(ClientError, match="WaitTimeSeconds"):
        receive(sqs, queue, WaitTimeSeconds=21)
