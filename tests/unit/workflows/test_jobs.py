"""Tasks that wait for jobs of SageMaker."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.workflows.stage import EPOCH, Stage, StageCloud, act, machine, now
from windfall_local.api import ServiceError

SYNC = "arn:aws:states:::sagemaker:createTransformJob.sync"
ARGUMENTS = {
    "TransformJobName": "job",
    "ModelName": "model",
    "TransformInput": {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://in/rows"}}
    },
    "TransformOutput": {"S3OutputPath": "s3://out"},
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    "Tags": [{"Key": "own", "Value": "1"}],
}


class FakeSageMaker:
    """A job that ends an hour after it was created, as it was told to."""

    def __init__(self, status: str = "Completed") -> None:
        self.status = status
        self.ends = 0.0
        self.created: list[dict[str, Any]] = []
        self.described: list[float] = []
        self.stopped: list[str] = []

    def services(self) -> dict[str, Any]:
        return {
            "sagemaker.CreateTransformJob": self.create,
            "sagemaker.DescribeTransformJob": self.describe,
            "sagemaker.StopTransformJob": self.stop,
        }

    def create(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self.created.append(parameters)
        self.ends = now() + 3600
        return {"TransformJobArn": "arn:aws:sagemaker:us-east-1:000000000000:transform-job/job"}

    def describe(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self.described.append(now())
        has_ended = now() >= self.ends
        return {
            "TransformJobName": parameters["TransformJobName"],
            "TransformJobStatus": self.status if has_ended else "InProgress",
            "CreationTime": datetime.fromtimestamp(EPOCH, UTC),
        }

    def stop(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self.stopped.append(parameters["TransformJobName"])
        return {}


def task(resource: str = SYNC, **fields: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Arguments": ARGUMENTS, "End": True, **fields}
    return machine({"Job": state})


def run(sagemaker: FakeSageMaker, definition: dict[str, Any]) -> dict[str, Any]:
    async def scene() -> dict[str, Any]:
        stage = Stage(StageCloud(services=sagemaker.services()))
        return await stage.end(await stage.begin(await stage.create(definition)))

    return act(scene)


def test_a_task_ends_when_its_job_has_and_has_the_description_in_milliseconds() -> None:
    sagemaker = FakeSageMaker()
    ended = run(sagemaker, task())
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"]) == {
        "TransformJobName": "job",
        "TransformJobStatus": "Completed",
        "CreationTime": int(EPOCH * 1000),
    }
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.created[0]["Tags"]}
    assert tags["own"] == "1"
    assert tags["MANAGED_BY_AWS"] == "STARTED_BY_STEP_FUNCTIONS"


def test_a_long_job_is_asked_for_now_and_then() -> None:
    sagemaker = FakeSageMaker()
    run(sagemaker, task())
    pauses = [
        later - earlier
        for earlier, later in zip(sagemaker.described, sagemaker.described[1:], strict=False)
    ]
    assert pauses[0] == pytest.approx(0.1)
    assert max(pauses) <= 2.001


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_without_a_good_end_fails_its_task(status: str) -> None:
    ended = run(FakeSageMaker(status), task())
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(ended["cause"])["TransformJobStatus"] == status


def test_a_task_that_times_out_stops_its_job() -> None:
    sagemaker = FakeSageMaker()
    ended = run(sagemaker, task(TimeoutSeconds=60))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    assert sagemaker.stopped == ["job"]


def test_an_execution_that_times_out_stops_the_job_that_it_waits_for() -> None:
    sagemaker = FakeSageMaker()
    ended = run(sagemaker, {**task(), "TimeoutSeconds": 60})
    assert (ended["status"], sagemaker.stopped) == ("TIMED_OUT", ["job"])


@pytest.mark.parametrize("seconds", [0, 30], ids=["while it runs", "while it is created"])
def test_an_execution_that_is_stopped_stops_its_job(seconds: float) -> None:
    sagemaker = FakeSageMaker()
    create = sagemaker.create

    async def create_slowly(parameters: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(seconds)
        return create(parameters)

    async def scene() -> str:
        services = {**sagemaker.services(), "sagemaker.CreateTransformJob": create_slowly}
        stage = Stage(StageCloud(services=services))
        execution = await stage.begin(await stage.create(task()))
        await asyncio.sleep(10)
        await stage.call("StopExecution", executionArn=execution)
        ended = await stage.end(execution)
        await asyncio.sleep(seconds)
        return str(ended["status"])

    assert act(scene) == "ABORTED"
    assert len(sagemaker.created) == 1, "what was sent is carried out"
    assert sagemaker.stopped == ["job"]


def test_without_sync_the_task_ends_at_once_and_the_job_has_its_own_tags_only() -> None:
    sagemaker = FakeSageMaker()
    ended = run(sagemaker, task("arn:aws:states:::sagemaker:createTransformJob"))
    assert json.loads(ended["output"])["TransformJobArn"].endswith("transform-job/job")
    assert sagemaker.created[0]["Tags"] == ARGUMENTS["Tags"]
    assert sagemaker.described == []


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ResourceInUse", "SageMaker.ResourceInUseException"),
        ("ResourceLimitExceeded", "SageMaker.ResourceLimitExceededException"),
        ("ValidationException", "SageMaker.AmazonSageMakerException"),
        ("AccessDeniedException", "SageMaker.AmazonSageMakerException"),
    ],
)
def test_errors_have_the_names_of_the_integration(code: str, error: str) -> None:
    def refuse(_: Any) -> Any:
        raise ServiceError(code, "no")

    async def scene() -> dict[str, Any]:
        stage = Stage(StageCloud(services={"sagemaker.CreateTransformJob": refuse}))
        return await stage.end(await stage.begin(await stage.create(task())))

    ended = act(scene)
    assert ended["error"] == error
    assert f"Error Code: {code}" in ended["cause"]
