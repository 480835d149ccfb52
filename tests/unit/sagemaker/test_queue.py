"""The queue of an asynchronous endpoint, with a container that does as the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.services.sagemaker.asynchronous import AsynchronousQueues, concurrency
from windfall_local.services.sagemaker.containers import ContainerError
from windfall_local.services.sagemaker.hosting import DeploymentError, Variant
from windfall_local.services.sagemaker.inference import locations
from windfall_local.services.sagemaker.records import Document, Records

TOPIC = "arn:aws:sns:us-east-1:000000000000:told"


class FakeCloud:
    """S3 in a dictionary, messages in a list."""

    region = "us-east-1"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.told: list[dict[str, Any]] = []
        self.denied: set[str] = set()

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        if operation in self.denied:
            raise ServiceError("AccessDenied", "Access Denied", status=403)
        if operation == "Publish":
            self.told.append(json.loads(parameters["Message"]))
        elif operation == "PutObject":
            self.objects[parameters["Key"]] = parameters["Body"]
        elif operation in ("HeadObject", "GetObject"):
            if parameters["Key"] not in self.objects:
                raise ServiceError("NoSuchKey", "There is none.", status=404)
            content = self.objects[parameters["Key"]]
            return {"ContentLength": len(content), "Body": content}
        return {}


class FakeContainer:
    """Answers with its input in capital letters; `gate` holds it back."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[str] = []
        self.busy = self.most = 0
        self.status = 200
        self.error: Exception | None = None

    async def ask(
        self, request: dict[str, Any], timeout: float, *, patient: bool = False
    ) -> dict[str, Any]:
        text = Path(request["input"]).read_text()
        self.asked.append(text)
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await self.gate.wait()
        finally:
            self.busy -= 1
        if self.error is not None:
            raise self.error
        Path(request["output"]).write_text(text.upper())
        return {"status": self.status, "content_type": "text/csv"}


class Scene:
    """An endpoint with a queue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cloud = FakeCloud()
        self.container = FakeContainer()
        self.endpoints = Records(folder / "endpoints")
        self.endpoint = self.endpoints.add(
            "endpoint",
            serving={
                "asynchronous": {
                    "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
                    "OutputConfig": {
                        "S3OutputPath": "s3://b/out",
                        "S3FailurePath": "s3://b/failed",
                        "NotificationConfig": {"SuccessTopic": TOPIC, "ErrorTopic": TOPIC},
                    },
                },
                "variants": [
                    {
                        "variant": {"InitialInstanceCount": 1},
                        "model": {"request": {"ExecutionRoleArn": "arn:aws:iam::0:role/hosting"}},
                    }
                ],
            },
        )
        self.queues = self.open()

    def open(self) -> AsynchronousQueues:
        return AsynchronousQueues(
            cast(Cloud, self.cloud), self.folder / "requests", self.endpoints, self._served
        )

    async def _served(self, _: Document) -> list[Variant]:
        principal = Principal.role("arn:aws:iam::0:role/hosting", "SageMaker")
        return [Variant("AllTraffic", 1.0, None, cast(Any, self.container), principal)]

    def send(self, name: str, text: str | None = None, **more: Any) -> None:
        output, failure = locations(self.endpoint, {}, name)
        assert failure is not None
        members: dict[str, Any] = {
            "endpoint": "endpoint",
            "concurrency": concurrency(self.endpoint),
            "inference_id": name,
            "input": None,
            "output": output.uri,
            "failure": failure.uri,
            "ttl": 3600,
            "timeout": 60,
            **more,
        }
        self.queues.accept(name, None if text is None else text.encode(), **members)

    async def rest(self, queues: AsynchronousQueues | None = None) -> None:
        while (queues or self.queues).backlog("endpoint"):
            await asyncio.sleep(0.005)

    async def until_busy(self, count: int) -> None:
        while self.container.busy < count:
            await asyncio.sleep(0.005)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    made = Scene(tmp_path)
    yield made
    await made.queues.stop()


async def test_requests_go_in_in_order_and_no_more_than_the_configuration_says(
    scene: Scene,
) -> None:
    scene.container.gate.clear()
    for number in range(6):
        scene.send(f"r{number}", f"text {number}")
    await scene.until_busy(2)
    assert scene.queues.backlog("endpoint") == 6
    scene.container.gate.set()
    await scene.rest()
    assert scene.container.most == 2
    assert sorted(scene.container.asked) == [f"text {number}" for number in range(6)]
    assert scene.cloud.objects == {f"out/r{one}.out": f"TEXT {one}".encode() for one in range(6)}


async def test_a_request_that_comes_just_when_the_queue_is_empty_is_not_forgotten(
    scene: Scene,
) -> None:
    scene.send("first", "x")
    dispatching = scene.queues._dispatching
    while (task := dispatching.get("endpoint")) is not None and not task.done():
        await asyncio.sleep(0)
    # Its work is done, and nothing has run since: here one that looked away would miss the next.
    scene.send("second", "x")
    await asyncio.wait_for(scene.rest(), 100)
    assert len(scene.cloud.objects) == 2


async def test_what_waited_and_what_was_under_way_goes_on_in_the_next_process(
    scene: Scene,
) -> None:
    scene.container.gate.clear()
    for number in range(3):
        scene.send(f"r{number}", f"text {number}")
    await scene.until_busy(2)
    await scene.queues.stop()
    assert scene.cloud.objects == {}
    scene.container.gate.set()
    later = scene.open()
    later.start()
    await scene.rest(later)
    assert len(scene.cloud.objects) == len(scene.cloud.told) == 3
    await later.stop()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ContainerError("The container died while it answered."), "Received server error (500)"),
        (DeploymentError("The model is gone."), "Received server error (500)"),
        (ValueError("a bug"), "InternalFailure: ValueError: a bug"),
    ],
)
async def test_a_container_that_fails_is_told_of(
    scene: Scene, error: Exception, reason: str
) -> None:
    scene.container.error = error
    scene.send("r", "x")
    await scene.rest()
    [told] = scene.cloud.told
    assert told["invocationStatus"] == "Failed"
    assert reason in told["failureReason"]
    assert list(scene.cloud.objects) == ["failed/r-error.out"]


async def test_what_the_container_said_lies_at_the_failure_location(scene: Scene) -> None:
    scene.container.status = 415
    scene.send("r", "no numbers")
    await scene.rest()
    assert scene.cloud.objects == {"failed/r-error.out": b"NO NUMBERS"}
    assert "Received client error (415)" in scene.cloud.told[0]["failureReason"]


async def test_a_request_that_waited_too_long_is_not_asked(scene: Scene) -> None:
    scene.container.gate.clear()
    scene.send("r0", "x")
    scene.send("r1", "x")
    await scene.until_busy(2)
    scene.send("late", "x", ttl=60)
    late = scene.queues._requests.get("late")
    assert late is not None
    late["created"] = (datetime.now(UTC) - timedelta(seconds=61)).isoformat()
    scene.container.gate.set()
    await scene.rest()
    assert len(scene.container.asked) == 2
    [told] = [one for one in scene.cloud.told if one["inferenceId"] == "late"]
    assert "expired" in told["failureReason"]


@pytest.mark.parametrize(
    ("denied", "objects", "told"),
    [
        ("HeadObject", ["failed/r-error.out", "in"], "Unable to download the input"),
        ("PutObject", ["in"], "Unable to upload the response"),
    ],
)
async def test_what_the_role_may_not_do_is_the_reason(
    scene: Scene, denied: str, objects: list[str], told: str
) -> None:
    scene.cloud.objects["in"] = b"x"
    scene.cloud.denied.add(denied)
    scene.send("r", input="s3://b/in")
    await scene.rest()
    assert sorted(scene.cloud.objects) == objects
    assert told in scene.cloud.told[0]["failureReason"]


async def test_nobody_is_told_where_the_role_may_not_publish(scene: Scene) -> None:
    scene.cloud.denied.add("Publish")
    scene.send("r", "x")
    await scene.rest()
    assert list(scene.cloud.objects) == ["out/r.out"]


async def test_the_queue_of_an_endpoint_that_is_deleted_is_gone(scene: Scene) -> None:
    scene.container.gate.clear()
    scene.send("r", "x")
    await scene.until_busy(1)
    await scene.queues.close("endpoint")
    assert scene.queues.backlog("endpoint") == 0
    assert scene.cloud.told == []
