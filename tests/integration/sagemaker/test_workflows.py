"""`sagemaker:createTrainingJob.sync` in state machines: real machines, roles and jobs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.models import XGBOOST
from tests.integration.sagemaker.conftest import Stage
from tests.integration.sagemaker.test_training import ENDLESS, Training

RULE = "StepFunctionsGetEventsForSageMakerTrainingJobsRule"
RULES = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
WAITING = [
    "sagemaker:CreateTrainingJob",
    "sagemaker:DescribeTrainingJob",
    "sagemaker:StopTrainingJob",
    "sagemaker:AddTags",
    "iam:PassRole",
]


class Machines:
    """State machines with roles of their own."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.states = stage.client("stepfunctions")

    def create(self, name: str, *actions: str, resource: str = "createTrainingJob.sync") -> str:
        """A machine of one task whose arguments are its input; its ARN."""
        task = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::sagemaker:{resource}",
            "Arguments": "{% $states.input %}",
            "End": True,
        }
        definition = {"QueryLanguage": "JSONata", "StartAt": "Train", "States": {"Train": task}}
        arn: str = self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=self.stage.role(*actions)
        )["stateMachineArn"]
        return arn

    def begin(self, machine: str, arguments: dict[str, Any]) -> str:
        """An execution; its ARN."""
        arn: str = self.states.start_execution(
            stateMachineArn=machine, input=json.dumps(arguments)
        )["executionArn"]
        return arn

    def end(self, execution: str) -> dict[str, Any]:
        """An execution's description, once it has ended."""
        until = time.monotonic() + 100
        while time.monotonic() < until:
            found: dict[str, Any] = self.stage.client("stepfunctions").describe_execution(
                executionArn=execution
            )
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.1)
        raise AssertionError(f"{execution} has not ended")


@pytest.fixture
def machines(stage: Stage) -> Machines:
    return Machines(stage)


@pytest.fixture
def training(stage: Stage, role: str) -> Training:
    return Training(stage, role)


def test_a_task_waits_for_a_training_job_and_has_its_description(
    stage: Stage, machines: Machines, training: Training
) -> None:
    machine = machines.create("training", *WAITING, *RULES)
    execution = machines.begin(machine, training.boosting("by-machine"))
    ended = machines.end(execution)
    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    assert output["TrainingJobStatus"] == "Completed"
    assert output["ModelArtifacts"]["S3ModelArtifacts"].endswith("by-machine/output/model.tar.gz")
    assert isinstance(output["TrainingEndTime"], int)
    tags = {
        tag["Key"]: tag["Value"]
        for tag in stage.sagemaker.list_tags(ResourceArn=output["TrainingJobArn"])["Tags"]
    }
    assert tags == {
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
        "AWS_STEP_FUNCTIONS_EXECUTION_ARN": execution,
    }
    # The name is taken now: the task fails with the error that a Catch can name.
    again = machines.end(machines.begin(machine, training.boosting("by-machine")))
    assert (again["status"], again["error"]) == ("FAILED", "SageMaker.ResourceInUseException")


def test_a_job_that_fails_fails_its_task_with_the_description(
    machines: Machines, training: Training
) -> None:
    machine = machines.create("failing", *WAITING, *RULES)
    request = training.boosting("fails", HyperParameters={"objective": "nonsense"})
    ended = machines.end(machines.begin(machine, request))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    assert "nonsense" in json.loads(ended["cause"])["FailureReason"]


def test_an_execution_that_is_stopped_stops_its_job(
    stage: Stage, machines: Machines, training: Training
) -> None:
    machine = machines.create("stopping", *WAITING, *RULES)
    execution = machines.begin(machine, training.scripted("waited-for", ENDLESS))
    training.wait_for_line("waited-for left half a model")
    stage.client("stepfunctions").stop_execution(executionArn=execution)
    assert training.wait("waited-for")["TrainingJobStatus"] == "Stopped"


def test_what_a_machines_role_lacks_is_refused(machines: Machines, training: Training) -> None:
    with pytest.raises(ClientError, match="is not authorized to create managed-rule"):
        machines.create("without-rules", *WAITING)
    # Without .sync there is no rule, no tag and nothing to describe.
    machine = machines.create("without-pass-role", WAITING[0], resource="createTrainingJob")
    ended = machines.end(machines.begin(machine, training.boosting("not-passed")))
    assert (ended["status"], ended["error"]) == ("FAILED", "SageMaker.AmazonSageMakerException")
    assert "iam:PassRole" in ended["cause"]


def test_a_machine_makes_a_model(stage: Stage, machines: Machines, role: str) -> None:
    machine = machines.create(
        "modelling", "sagemaker:CreateModel", "iam:PassRole", resource="createModel"
    )
    arguments = {
        "ModelName": "by-machine",
        "ExecutionRoleArn": role,
        "PrimaryContainer": {"Image": XGBOOST, "ModelDataUrl": f"s3://{stage.bucket}/m.tar.gz"},
    }
    ended = machines.end(machines.begin(machine, arguments))
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["ModelArn"].endswith("model/by-machine")
