"""Batch transform through boto3, with real containers."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.fakes.models import SCIKIT_LEARN, SUMS, boosted, csv, rows, script
from tests.fakes.service_model import model_violations
from tests.integration.sagemaker.conftest import Stage

COUNTING = (
    SUMS
    + """
import numpy as np

def input_fn(body, content_type):
    return np.atleast_2d(np.loadtxt(body.splitlines(), delimiter=",", ndmin=2))

def output_fn(prediction, accept):
    return "\\n".join(f"{one:g},{len(prediction)}" for one in prediction), accept
"""
)
"""Answers each row with its sum and how many rows came along with it."""


class Transforms:
    """Starts transform jobs and waits for their ends."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def run(self, model: str, prefix: str = "in/", **more: Any) -> dict[str, Any]:
        """A job's description, when it has ended."""
        name = f"transform-{uuid4().hex[:12]}"
        source = {
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": f"s3://{self.stage.bucket}/{prefix}",
                }
            },
            "ContentType": "text/csv",
            "SplitType": "Line",
            **more.pop("source", {}),
        }
        output = {
            "S3OutputPath": f"s3://{self.stage.bucket}/out",
            "Accept": "text/csv",
            "AssembleWith": "Line",
            **more.pop("output", {}),
        }
        self.stage.sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=model,
            TransformInput=source,
            TransformOutput=output,
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **more,
        )
        until = time.monotonic() + 100
        while time.monotonic() < until:
            found = self.stage.client("sagemaker").describe_transform_job(TransformJobName=name)
            found.pop("ResponseMetadata")
            assert model_violations("sagemaker", "DescribeTransformJob", found) == []
            if found["TransformJobStatus"] not in ("InProgress", "Stopping"):
                job: dict[str, Any] = found
                return job
            time.sleep(0.05)
        raise AssertionError(f"{name} has not ended")

    def out(self, name: str) -> bytes:
        """An object of the output."""
        return self.stage.get(f"s3://{self.stage.bucket}/out/{name}.out")


@pytest.fixture
def transforms(stage: Stage) -> Transforms:
    return Transforms(stage)


@pytest.fixture
def counting(stage: Stage, role: str) -> str:
    return stage.model(script(COUNTING), role, SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py")


def test_each_object_becomes_one_with_a_prediction_for_each_of_its_rows(
    stage: Stage, transforms: Transforms, boosted_model: str
) -> None:
    stage.put("in/a.csv", csv(rows(7)))
    stage.put("in/deeper/b.csv", csv(rows(3)) + b"\n\n")
    job = transforms.run(boosted_model)
    assert job["TransformJobStatus"] == "Completed", job
    # In a batch the built-in algorithm gives a line for each row, not one line for all.
    assert len(transforms.out("a.csv").splitlines()) == 7
    assert len(transforms.out("deeper/b.csv").splitlines()) == 3


@pytest.mark.parametrize(
    ("strategy", "together"), [("MultiRecord", ["3", "3", "3"]), ("SingleRecord", ["1", "1", "1"])]
)
def test_records_go_in_as_the_strategy_says(
    stage: Stage, transforms: Transforms, counting: str, strategy: str, together: list[str]
) -> None:
    stage.put("in/a.csv", b"1,2\n3,4\n5,6")
    job = transforms.run(counting, BatchStrategy=strategy, MaxPayloadInMB=1)
    assert job["TransformJobStatus"] == "Completed", job
    found = [line.split(",") for line in transforms.out("a.csv").decode().splitlines()]
    assert [one[0] for one in found] == ["3", "7", "11"]
    assert [one[1] for one in found] == together


def test_a_large_file_goes_in_by_payloads_and_comes_out_in_order(
    stage: Stage, transforms: Transforms, counting: str
) -> None:
    table = "\n".join(f"{number},{'0' * 40}" for number in range(60_000)).encode()
    stage.put("in/large.csv.gz", gzip.compress(table, 1))
    job = transforms.run(counting, MaxPayloadInMB=1, source={"CompressionType": "Gzip"})
    assert job["TransformJobStatus"] == "Completed", job
    found = [line.split(",") for line in transforms.out("large.csv.gz").decode().splitlines()]
    assert [float(one[0]) for one in found] == list(range(60_000))
    assert 1 < len({one[1] for one in found}) <= 3


def test_filters_and_joins_keep_the_columns_that_are_wanted(
    stage: Stage, transforms: Transforms, sums: str
) -> None:
    stage.put("in/a.csv", b'first,1,2\n"second, quoted",3,4\n')
    job = transforms.run(
        sums,
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert job["TransformJobStatus"] == "Completed", job
    assert transforms.out("a.csv") == b'first,3.0\n"second, quoted",7.0\n'


def test_lines_of_json_are_joined_to_their_predictions(
    stage: Stage, transforms: Transforms, role: str
) -> None:
    reading = SUMS + (
        "import json, numpy as np\n"
        "def input_fn(body, content_type):\n"
        "    return np.array([json.loads(line) for line in body.splitlines()])\n"
        "def output_fn(prediction, accept):\n"
        "    return '\\n'.join(str(one) for one in prediction), accept\n"
    )
    model = stage.model(script(reading), role, SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py")
    stage.put("in/a.jsonl", b'{"id": 1, "features": [1, 2]}\n{"id": 2, "features": [3, 4]}\n')
    job = transforms.run(
        model,
        source={"ContentType": "application/jsonlines"},
        output={"Accept": "application/jsonlines"},
        DataProcessing={"InputFilter": "$.features", "JoinSource": "Input"},
    )
    assert job["TransformJobStatus"] == "Completed", job
    assert [json.loads(line) for line in transforms.out("a.jsonl").splitlines()] == [
        {"id": 1, "features": [1, 2], "SageMakerOutput": 3.0},
        {"id": 2, "features": [3, 4], "SageMakerOutput": 7.0},
    ]


def test_what_the_container_refuses_fails_the_job_and_is_in_the_data_log(
    stage: Stage, transforms: Transforms, boosted_model: str
) -> None:
    stage.put("in/a.csv", b"1,2\n")
    job = transforms.run(boosted_model)
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: See job logs for more information"
    logs = stage.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TransformJobs",
        logStreamNamePrefix=job["TransformJobName"],
    )
    messages = [event["message"] for event in logs["events"]]
    assert any("in/a.csv: ClientError: 400" in message for message in messages)
    assert any("Feature size of csv inference data 2" in message for message in messages)


def test_a_job_that_cannot_be_done_says_why(
    stage: Stage, transforms: Transforms, sums: str
) -> None:
    assert "No S3 objects found" in transforms.run(sums, "none/")["FailureReason"]
    blind = stage.model(boosted(), stage.role("logs:*", "ecr:*"))
    assert "Failed to download model data" in transforms.run(blind)["FailureReason"]
    with pytest.raises(ClientError, match="Could not find model"):
        transforms.run("no-model")
    with pytest.raises(ClientError, match="must begin with"):
        transforms.run(sums, DataProcessing={"InputFilter": "features"})
    with pytest.raises(ClientError, match="may be 100 at most"):
        transforms.run(sums, MaxPayloadInMB=60, MaxConcurrentTransforms=2)
