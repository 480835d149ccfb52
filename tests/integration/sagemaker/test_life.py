"""What SageMaker accepted outlives the process: jobs, endpoints, and requests that wait."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.fakes.models import SCIKIT_LEARN, SUMS, script
from tests.integration.conftest import make_client
from tests.integration.sagemaker.conftest import Stage
from tests.integration.sagemaker.test_asynchronous import configured
from tests.integration.sagemaker.test_training import Training
from windfall_local.threaded import cloud_in_thread

WAITING = """
import os, pathlib, time

gate = pathlib.Path(os.environ["GATE"])
gate.with_name("begun").touch()
while not gate.exists():
    time.sleep(0.02)
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text("done")
"""
SLOW = (
    SUMS
    + """
import os, pathlib, time

def predict_fn(rows, model):
    gate = pathlib.Path(os.environ["GATE"])
    gate.with_name("asked").touch()
    while not gate.exists():
        time.sleep(0.02)
    return model.predict(rows)
"""
)
ROLE = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sns:Publish", "logs:*", "ecr:*")


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def stage_of(cloud: Any, bucket: str | None = None) -> Stage:
    return Stage(lambda service, credentials=None: make_client(cloud, service, credentials), bucket)


def is_there(stage: Stage, place: str) -> bool:
    key = place.removeprefix(f"s3://{stage.bucket}/")
    return bool(stage.s3.list_objects_v2(Bucket=stage.bucket, Prefix=key)["KeyCount"])


def test_a_training_job_that_was_under_way_is_done_by_the_next_process(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with cloud_in_thread(tmp_path / "cloud") as cloud:
        stage = stage_of(cloud)
        training = Training(stage, stage.role(*ROLE))
        training.start(training.scripted("survivor", WAITING, Environment={"GATE": str(gate)}))
        until((tmp_path / "begun").exists)
    assert not gate.exists()
    (tmp_path / "begun").unlink()
    gate.touch()
    with cloud_in_thread(tmp_path / "cloud") as cloud:
        training = Training(stage_of(cloud, stage.bucket), training.role)
        job = training.wait("survivor")
        assert job["TrainingJobStatus"] == "Completed", job
        model = training.unpacked(job["ModelArtifacts"]["S3ModelArtifacts"])
        assert model == {"model.txt": b"done"}
        assert (tmp_path / "begun").exists(), "it began anew"


def test_endpoints_and_requests_that_wait_survive(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with cloud_in_thread(tmp_path / "cloud") as cloud:
        stage = stage_of(cloud)
        role = stage.role(*ROLE)
        model = stage.model(
            script(SLOW), role, SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py", GATE=str(gate)
        )
        topic, _ = stage.topic()
        endpoint = stage.endpoint(model, **configured(stage, topic))
        answers = [
            stage.runtime.invoke_endpoint_async(
                EndpointName=endpoint,
                Body=f"{number},1\n{number},2".encode(),
                ContentType="text/csv",
                Accept="text/csv",
            )
            for number in range(6)
        ]
        until((tmp_path / "asked").exists)
    gate.touch()
    with cloud_in_thread(tmp_path / "cloud") as cloud:
        stage = stage_of(cloud, stage.bucket)
        assert stage.settled(endpoint)["EndpointStatus"] == "InService"
        for number, answer in enumerate(answers):
            until(partial(is_there, stage, answer["OutputLocation"]))
            expected = f"{number + 1:.1f}\n{number + 2:.1f}\n".encode()
            assert stage.get(answer["OutputLocation"]) == expected


def test_a_machine_that_waits_for_a_job_goes_on_waiting(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with cloud_in_thread(tmp_path / "cloud") as cloud:
        stage = stage_of(cloud)
        training = Training(stage, stage.role(*ROLE))
        request = training.scripted("waited-for", WAITING, Environment={"GATE": str(gate)})
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Arguments": request,
            "Output": "{% $states.result.TrainingJobStatus %}",
            "End": True,
        }
        definition = {"QueryLanguage": "JSONata", "StartAt": "Train", "States": {"Train": task}}
        states = stage.client("stepfunctions")
        machine = states.create_state_machine(
            name="waiting",
            definition=json.dumps(definition),
            roleArn=stage.role("sagemaker:*", "iam:PassRole", "events:*"),
        )["stateMachineArn"]
        execution = states.start_execution(stateMachineArn=machine)["executionArn"]
        until((tmp_path / "begun").exists)
    gate.touch()
    with cloud_in_thread(tmp_path / "cloud") as cloud:
        states = make_client(cloud, "stepfunctions")

        def ended() -> Any:
            found = states.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        found = until(ended)
        assert (found["status"], found.get("output")) == ("SUCCEEDED", '"Completed"')
        states.close()
