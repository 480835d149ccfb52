"""A thousand executions that wait for their token: what each costs, and how soon all go on.

Each sends its token to a queue and waits. Then the cloud is killed with -9 and started again, and
every token is answered.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.chain.clouds import TRUST, CloudProcess, windfall
from bench.results import write_result

PARKED = 1_000
AT_ONCE = 16
MAY = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}


def measure(folder: Path) -> dict[str, Any]:
    """All figures."""
    with windfall(folder) as cloud:
        machine, queue = _prepare(cloud)
        before = cloud.memory()
        start_seconds = _timed(lambda: _start(cloud, machine))
        _wait_for(lambda: _waiting(cloud, queue) == PARKED)
        memory = cloud.memory() - before
        cloud.kill()
    begun = time.perf_counter()
    with windfall(folder) as cloud:
        up_seconds = time.perf_counter() - begun
        again = _running(cloud, machine)
        queue = cloud.client("sqs").get_queue_url(QueueName="tokens")["QueueUrl"]
        tokens = _receive(cloud, queue)
        resume_seconds = _timed(lambda: _resume(cloud, machine, tokens))
    return {
        "executions": PARKED,
        "start_all_seconds": round(start_seconds, 2),
        "memory_kb_each": round(memory / PARKED / 1000, 1),
        "after_kill_9": {"up_seconds": round(up_seconds, 2), "still_parked": again},
        "resume_all_seconds": round(resume_seconds, 2),
    }


def _prepare(cloud: CloudProcess) -> tuple[str, str]:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="parked", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    rights = json.dumps({"Version": "2012-10-17", "Statement": [MAY]})
    iam.put_role_policy(RoleName="parked", PolicyName="parked", PolicyDocument=rights)
    queue = cloud.client("sqs").create_queue(QueueName="tokens")["QueueUrl"]
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Park",
        "States": {
            "Park": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Arguments": {
                    "QueueUrl": queue,
                    "MessageBody": "{% $states.context.Task.Token %}",
                },
                "End": True,
            }
        },
    }
    machine = cloud.client("stepfunctions").create_state_machine(
        name="parked", roleArn=role, definition=json.dumps(definition)
    )
    return str(machine["stateMachineArn"]), str(queue)


def _start(cloud: CloudProcess, machine: str) -> None:
    states = cloud.client("stepfunctions")
    file = json.dumps({"file_id": "0" * 40, "bucket": "inbox", "key": "call.wav"})

    def start(number: int) -> None:
        states.start_execution(stateMachineArn=machine, name=f"{number}", input=file)

    _all(start, range(PARKED))


def _resume(cloud: CloudProcess, machine: str, tokens: list[str]) -> None:
    states = cloud.client("stepfunctions")
    _all(lambda token: states.send_task_success(taskToken=token, output="{}"), tokens)
    _wait_for(lambda: _running(cloud, machine) == 0)


def _all(work: Callable[[Any], Any], items: Iterable[Any]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(work, items))


def _receive(cloud: CloudProcess, queue: str) -> list[str]:
    sqs, tokens = cloud.client("sqs"), set[str]()
    while len(tokens) < PARKED:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        tokens.update(message["Body"] for message in answer.get("Messages", ()))
    return sorted(tokens)


def _waiting(cloud: CloudProcess, queue: str) -> int:
    name = "ApproximateNumberOfMessages"
    answer = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
    return int(answer["Attributes"][name])


def _running(cloud: CloudProcess, machine: str) -> int:
    pages = cloud.client("stepfunctions").get_paginator("list_executions")
    found = pages.paginate(
        stateMachineArn=machine, statusFilter="RUNNING", PaginationConfig={"PageSize": 1000}
    )
    return sum(len(page["executions"]) for page in found)


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _wait_for(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.02)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        write_result("parked", measure(Path(made)))
