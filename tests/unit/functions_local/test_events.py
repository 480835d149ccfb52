"""Asynchronous invocations: retries, destinations, dead letters, restarts."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from windfall_local.api import Principal
from windfall_local.functions.asynchronous import EventQueue
from windfall_local.functions.invocations import Outcome
from windfall_local.functions.records import FunctionRecord

ERROR = Outcome(b'{"errorType": "E", "errorMessage": "no"}', failed=True)
GOOD = Outcome(b'"done"', failed=False)


def make_function(**changes: Any) -> FunctionRecord:
    return FunctionRecord(
        name="f",
        arn="arn:aws:lambda:us-east-1:000000000000:function:f",
        settings={"Role": "arn:aws:iam::000000000000:role/r", **changes.pop("settings", {})},
        directory="/",
        code_sha256="",
        code_size=0,
        modified="",
        revision="",
        **changes,
    )


class Script:
    """Ends each attempt as it is told."""

    def __init__(self, cloud: Any, directory: Path, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.attempts = 0
        self.queue = EventQueue(cloud, directory, self.run, retry_seconds=(0.0, 0.0))

    async def run(self, name: str, payload: bytes, request_id: str) -> Outcome:
        self.attempts += 1
        return self.outcomes.pop(0)

    async def finish(self, directory: Path) -> None:
        while any(directory.glob("*.json")):
            await asyncio.sleep(0)


async def test_an_event_that_succeeds_leaves_nothing(aws_lambda: Any, tmp_path: Path) -> None:
    script = Script(aws_lambda.cloud, tmp_path / "events", ERROR, GOOD)
    script.queue.accept(make_function(), b"{}", "id")
    await script.finish(tmp_path / "events")
    assert script.attempts == 2
    assert aws_lambda.cloud.calls == []


async def test_an_event_that_fails_three_times_is_handed_on(
    aws_lambda: Any, tmp_path: Path
) -> None:
    script = Script(aws_lambda.cloud, tmp_path / "events", ERROR, ERROR, ERROR)
    function = make_function(
        settings={"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"}},
        event_invoke={
            "DestinationConfig": {
                "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:failed"}
            }
        },
    )
    script.queue.accept(function, b'{"a": 1}', "id")
    await script.finish(tmp_path / "events")
    assert script.attempts == 3
    destination, letter = [call[2] for call in aws_lambda.cloud.calls]
    record = json.loads(destination["MessageBody"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"a": 1}
    assert record["responsePayload"] == {"errorType": "E", "errorMessage": "no"}
    assert letter["QueueUrl"].endswith("/000000000000/dead")
    assert letter["MessageBody"] == '{"a": 1}'
    assert letter["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"
    assert aws_lambda.cloud.calls[0][3] == Principal.role("arn:aws:iam::000000000000:role/r", "f")


async def test_retries_are_as_many_as_configured(aws_lambda: Any, tmp_path: Path) -> None:
    script = Script(aws_lambda.cloud, tmp_path / "events", ERROR)
    script.queue.accept(make_function(event_invoke={"MaximumRetryAttempts": 0}), b"{}", "id")
    await script.finish(tmp_path / "events")
    assert script.attempts == 1


async def test_an_accepted_event_survives_the_end_of_the_process(
    aws_lambda: Any, tmp_path: Path
) -> None:
    directory = tmp_path / "events"
    first = Script(aws_lambda.cloud, directory, GOOD)
    first.queue.accept(make_function(), b'{"a": 1}', "id")
    await first.queue.stop()
    assert first.attempts == 0

    second = Script(aws_lambda.cloud, directory, GOOD)
    second.queue.start()
    await second.finish(directory)
    assert second.attempts == 1
