"""The Step Functions API through a real boto3 client, on a server of its own."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.unit.workflows.stage import ROLE, StageCloud, machine
from windfall_local.api import CallContext, Principal, ServiceError
from windfall_local.workflows import StepFunctionsService


class _Server:
    """Step Functions alone behind its own wire protocol (JSON 1.0)."""

    def __init__(self) -> None:
        self.cloud = StageCloud({"echo": lambda payload: payload})
        self.service = StepFunctionsService(self.cloud)
        self.cloud.workflows = self.service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError(scope["type"])
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        headers = dict(scope["headers"])
        operation = headers[b"x-amz-target"].decode().partition(".")[2]
        context = CallContext(self.cloud, Principal.root(), "request")
        status = 200
        try:
            answer = await self.service.call(operation, json.loads(body), context)
        except ServiceError as error:
            status = error.status
            answer = {"__type": error.code, "message": error.message}
        text = json.dumps(answer, default=datetime.timestamp).encode()
        content = [(b"content-type", b"application/x-amz-json-1.0")]
        await send({"type": "http.response.start", "status": status, "headers": content})
        await send({"type": "http.response.body", "body": text})


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    config = uvicorn.Config(
        _Server(), host="127.0.0.1", port=0, log_level="warning", lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret")
    client = session.client(
        "stepfunctions",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )
    yield client
    client.close()
    server.should_exit = True
    thread.join()


def _ended(client: Any, execution: str) -> dict[str, Any]:
    while True:
        description: dict[str, Any] = client.describe_execution(executionArn=execution)
        if description["status"] != "RUNNING":
            return description
        time.sleep(0.01)


def _create(client: Any, name: str, states: dict[str, Any]) -> str:
    answer = client.create_state_machine(
        name=name, definition=json.dumps(machine(states)), roleArn=ROLE
    )
    return str(answer["stateMachineArn"])


def test_an_execution_from_start_to_history(client: Any) -> None:
    function = "arn:aws:lambda:us-east-1:000000000000:function:echo"
    arn = _create(
        client,
        "whole",
        {
            "Each": {
                "Type": "Map",
                "ItemProcessor": {
                    "StartAt": "Echo",
                    "States": {"Echo": {"Type": "Task", "Resource": function, "End": True}},
                },
                "End": True,
            }
        },
    )
    started = client.start_execution(stateMachineArn=arn, input='["a", {"b": null}]')
    description = _ended(client, started["executionArn"])
    assert json.loads(description["output"]) == ["a", {"b": None}]
    assert description["startDate"] == started["startDate"]
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=started["executionArn"], PaginationConfig={"PageSize": 4}
    )
    events = [event for page in pages for event in page["events"]]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "ExecutionSucceeded"
    assert sum(event["type"] == "LambdaFunctionSucceeded" for event in events) == 2
    listed = client.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")
    assert [item["executionArn"] for item in listed["executions"]] == [started["executionArn"]]


def test_errors_are_the_clients_own_exceptions(client: Any) -> None:
    with pytest.raises(client.exceptions.StateMachineDoesNotExist):
        client.start_execution(
            stateMachineArn="arn:aws:states:us-east-1:000000000000:stateMachine:none"
        )
    with pytest.raises(client.exceptions.InvalidDefinition, match="StartAt"):
        client.create_state_machine(name="wrong", definition="{}", roleArn=ROLE)
    with pytest.raises(ClientError) as caught:
        client.create_activity(name="activity")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_stopping_and_tokens(client: Any) -> None:
    arn = _create(client, "waits", {"W": {"Type": "Wait", "Seconds": 900, "End": True}})
    execution = client.start_execution(stateMachineArn=arn, name="once")["executionArn"]
    assert client.start_execution(stateMachineArn=arn, name="once")["executionArn"] == execution
    client.stop_execution(executionArn=execution, error="Enough")
    assert _ended(client, execution)["error"] == "Enough"
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=arn, name="once")
    with pytest.raises(client.exceptions.InvalidToken):
        client.send_task_success(taskToken="none", output="{}")
