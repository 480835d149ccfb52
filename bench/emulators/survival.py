"""What is still there after `kill -9` and a new start on the same folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.emulators.clouds import Emulator, Opener
from bench.emulators.questions import Answer, Question, ask
from bench.emulators.states import ended, make_machine

AREA = "kill -9"


def ask_all(open_cloud: Opener) -> dict[str, Answer]:
    """Leave something, kill, start again, and look for it."""
    with tempfile.TemporaryDirectory() as folder:
        with open_cloud(Path(folder)) as cloud:
            left = {text: leave(cloud) for text, (leave, _) in _LEFT.items()}
            cloud.kill()
        with open_cloud(Path(folder)) as cloud:
            return {
                text: ask(Question(AREA, text, partial(_look_for, look, left[text])), cloud)
                for text, (_, look) in _LEFT.items()
            }


def _look_for(look: Callable[[Emulator, Any], bool], left: Any, cloud: Emulator) -> bool:
    return look(cloud, left)


def _leave_object(cloud: Emulator) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a", Body=b"kept")


def _look_for_object(cloud: Emulator, _: Any) -> bool:
    return bool(cloud.client("s3").get_object(Bucket="kept", Key="a")["Body"].read() == b"kept")


def _leave_row(cloud: Emulator) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="kept",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="kept", Item={"pk": {"S": "a"}})


def _look_for_row(cloud: Emulator, _: Any) -> bool:
    return "Item" in cloud.client("dynamodb").get_item(TableName="kept", Key={"pk": {"S": "a"}})


def _leave_message(cloud: Emulator) -> None:
    sqs = cloud.client("sqs")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="kept")["QueueUrl"], MessageBody="kept")


def _look_for_message(cloud: Emulator, _: Any) -> bool:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", [])
    return [one["Body"] for one in found] == ["kept"]


def _leave_execution(cloud: Emulator) -> str:
    machine = make_machine(
        cloud,
        {
            "Wait": {"Type": "Wait", "Seconds": 8, "Next": "Done"},
            "Done": {"Type": "Pass", "Output": "kept", "End": True},
        },
    )
    started = cloud.client("stepfunctions").start_execution(stateMachineArn=machine)
    return str(started["executionArn"])


def _look_for_execution(cloud: Emulator, execution: Any) -> bool:
    found = ended(cloud, execution)
    return found is not None and found.get("output") == '"kept"'


_LEFT: dict[str, tuple[Callable[[Emulator], Any], Callable[[Emulator, Any], bool]]] = {
    "an object that was put": (_leave_object, _look_for_object),
    "a row that was put": (_leave_row, _look_for_row),
    "a message that was sent": (_leave_message, _look_for_message),
    "an execution that ran goes on": (_leave_execution, _look_for_execution),
}
