"""Training jobs through boto3: real processes that leave real models."""

from __future__ import annotations

import io
import json
import tarfile
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.models import SCIKIT_LEARN, XGBOOST, archive, csv, rows
from tests.fakes.service_model import model_violations
from tests.integration.sagemaker.conftest import Stage

FOREST = """
import argparse, json, os
import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier

def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))

def predict_fn(rows, model):
    return model.predict_proba(np.atleast_2d(rows))[:, 1]

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--n-estimators", type=int)
    parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
    asked = parser.parse_args()
    data = np.loadtxt(os.path.join(asked.train, "rows.csv"), delimiter=",")
    model = RandomForestClassifier(asked.n_estimators, random_state=0).fit(data[:, 1:], data[:, 0])
    score = model.score(data[:, 1:], data[:, 0])
    print(f"train accuracy: {score:.3f};")
    joblib.dump(model, os.path.join(asked.model_dir, "model.joblib"))
    with open(os.path.join(os.environ["SM_OUTPUT_DATA_DIR"], "report.json"), "w") as file:
        json.dump({"channels": json.loads(os.environ["SM_CHANNELS"])}, file)
"""

GROUP = "/aws/sagemaker/TrainingJobs"


def labelled(count: int = 400) -> bytes:
    """Rows whose first column tells whether the next two add up to more than 1."""
    import numpy as np

    table = rows(count)
    label = (table[:, 0] + table[:, 1] > 1).astype(np.float32)
    return csv(np.column_stack([label, table]))


class Training:
    """Starts training jobs and waits for their ends."""

    def __init__(self, stage: Stage, role: str) -> None:
        self.stage, self.role = stage, role
        stage.put("train/rows.csv", labelled())
        stage.put("validation/rows.csv", labelled(100))

    def request(self, name: str, image: str, *channels: str, **more: Any) -> dict[str, Any]:
        """The parameters of CreateTrainingJob."""
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
            "RoleArn": self.role,
            "InputDataConfig": [
                {
                    "ChannelName": channel,
                    "ContentType": "text/csv",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": f"s3://{self.stage.bucket}/{channel}/",
                        }
                    },
                }
                for channel in channels
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.stage.bucket}/models"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 1,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **more,
        }

    def boosting(self, name: str, **more: Any) -> dict[str, Any]:
        """A request for the built-in algorithm."""
        hyperparameters = {"num_round": "8", "objective": "binary:logistic", "eval_metric": "auc"}
        hyperparameters |= more.pop("HyperParameters", {})
        return self.request(
            name, XGBOOST, "train", "validation", HyperParameters=hyperparameters, **more
        )

    def scripted(self, name: str, source: str = FOREST, **more: Any) -> dict[str, Any]:
        """A request for script mode."""
        code = self.stage.put(f"{name}/sourcedir.tar.gz", archive(train_dot_py=source))
        hyperparameters = {
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": json.dumps(code),
            "n-estimators": "20",
        }
        return self.request(name, SCIKIT_LEARN, "train", HyperParameters=hyperparameters, **more)

    def start(self, request: dict[str, Any]) -> str:
        """A job; its name."""
        self.stage.sagemaker.create_training_job(**request)
        return str(request["TrainingJobName"])

    def describe(self, name: str) -> dict[str, Any]:
        """A job's description, which fits the model."""
        answer = self.stage.client("sagemaker").describe_training_job(TrainingJobName=name)
        answer.pop("ResponseMetadata")
        assert model_violations("sagemaker", "DescribeTrainingJob", answer) == []
        found: dict[str, Any] = answer
        return found

    def wait(self, name: str, *states: str) -> dict[str, Any]:
        """A job's description, when it has ended or is where the test wants it."""
        until = time.monotonic() + 100
        while time.monotonic() < until:
            found = self.describe(name)
            if found["SecondaryStatus"] in (states or ("Completed", "Failed", "Stopped")):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{name} has not ended: {found}")

    def wait_for_line(self, line: str) -> None:
        """Return when some training job has printed a line."""
        until = time.monotonic() + 100
        logs = self.stage.client("logs")
        while time.monotonic() < until:
            groups = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
            found = logs.filter_log_events(logGroupName=GROUP)["events"] if groups else []
            if any(event["message"] == line for event in found):
                return
            time.sleep(0.1)
        raise AssertionError(f"nobody has printed {line!r}")

    def unpacked(self, uri: str) -> dict[str, bytes]:
        """The files of an archive in S3."""
        with tarfile.open(fileobj=io.BytesIO(self.stage.get(uri))) as opened:
            return {
                member.name: content.read()
                for member in opened.getmembers()
                if (content := opened.extractfile(member)) is not None
            }


@pytest.fixture
def training(stage: Stage, role: str) -> Training:
    return Training(stage, role)


def test_the_built_in_algorithm_trains_a_model_that_an_endpoint_serves(
    stage: Stage, training: Training, role: str
) -> None:
    job = training.wait(training.start(training.boosting("boosted")))
    assert job["TrainingJobStatus"] == "Completed", job
    stages = [one["Status"] for one in job["SecondaryStatusTransitions"]]
    assert stages == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    metrics = {one["MetricName"]: one["Value"] for one in job["FinalMetricDataList"]}
    assert metrics.keys() == {"train:auc", "validation:auc"}
    assert metrics["validation:auc"] > 0.9
    url = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert url == f"s3://{stage.bucket}/models/boosted/output/model.tar.gz"
    assert list(training.unpacked(url)) == ["xgboost-model"]

    told = stage.client("cloudwatch").list_metrics(
        Namespace="/aws/sagemaker/TrainingJobs",
        Dimensions=[{"Name": "TrainingJobName", "Value": "boosted"}],
    )
    assert {one["MetricName"] for one in told["Metrics"]} == metrics.keys()

    endpoint = stage.endpoint(stage.model(url, role))
    low, high = stage.ask(endpoint, b"0,0,0,0\n1,1,1,1").split(b",")
    assert float(low) < 0.3
    assert float(high) > 0.7

    logs = stage.client("logs")
    streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="boosted/algo-1-")
    name = streams["logStreams"][0]["logStreamName"]
    events = logs.get_log_events(logGroupName=GROUP, logStreamName=name)["events"]
    assert any("#011validation-auc:" in event["message"] for event in events)


def test_the_same_script_trains_and_serves(stage: Stage, training: Training, role: str) -> None:
    request = training.scripted("forest")
    request["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "accuracy", "Regex": "train accuracy: ([0-9.]+);"}
    ]
    job = training.wait(training.start(request))
    assert job["TrainingJobStatus"] == "Completed", job
    assert job["FinalMetricDataList"][0]["MetricName"] == "accuracy"
    assert job["FinalMetricDataList"][0]["Value"] > 0.9
    url = job["ModelArtifacts"]["S3ModelArtifacts"]
    output = training.unpacked(url.replace("model.tar.gz", "output.tar.gz"))
    assert json.loads(output["report.json"]) == {"channels": ["train"]}

    code = stage.put("serve/sourcedir.tar.gz", archive(train_dot_py=FOREST))
    model = stage.model(
        url,
        role,
        SCIKIT_LEARN,
        SAGEMAKER_PROGRAM="train.py",
        SAGEMAKER_SUBMIT_DIRECTORY=code,
    )
    low, high = json.loads(stage.ask(stage.endpoint(model), b"0,0,0,0\n1,1,1,1"))
    assert low < 0.3
    assert high > 0.7


def test_the_users_fault_is_told_as_a_client_error(training: Training) -> None:
    wrong = {"objective": "reg:nonsense"}
    job = training.wait(training.start(training.boosting("wrong", HyperParameters=wrong)))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        "ClientError: Hyperparameter objective: value reg:nonsense is not allowed"
    )
    assert job["FailureReason"].endswith(", exit code: 2")


def test_what_a_script_says_when_it_fails_is_the_failure_reason(training: Training) -> None:
    broken = "import sys\nprint('begun')\nraise ValueError('the forest burnt down')\n"
    job = training.wait(training.start(training.scripted("burnt", broken)))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1")
    assert "the forest burnt down" in job["FailureReason"]
    assert "python train.py --n-estimators 20" in job["FailureReason"]


def test_a_channel_without_objects_and_a_role_without_permission_fail_with_the_reason(
    stage: Stage, training: Training
) -> None:
    request = training.boosting("nothing")
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] += "none/"
    job = training.wait(training.start(request))
    assert "No S3 objects found under S3 URL" in job["FailureReason"]
    request = training.boosting("forbidden") | {"RoleArn": stage.role("logs:*", "ecr:*")}
    job = training.wait(training.start(request))
    assert "AccessDenied" in job["FailureReason"]
    request = training.boosting("unpulled") | {"RoleArn": stage.role("s3:*", "logs:*")}
    job = training.wait(training.start(request))
    assert job["FailureReason"].startswith("ClientError: Cannot pull algorithm container.")
    assert "does not have GetAuthorizationToken permission" in job["FailureReason"]


ENDLESS = """
import pathlib, os, time
pathlib.Path(os.environ["SM_MODEL_DIR"], "part").write_text("half a model")
print(os.environ["TRAINING_JOB_NAME"], "left half a model", flush=True)
while True:
    time.sleep(0.1)
"""


def test_a_job_that_is_stopped_keeps_what_it_left(stage: Stage, training: Training) -> None:
    name = training.start(training.scripted("stopped", ENDLESS))
    training.wait(name, "Training")
    training.wait_for_line("stopped left half a model")
    stage.sagemaker.stop_training_job(TrainingJobName=name)
    job = training.wait(name)
    assert job["TrainingJobStatus"] == "Stopped"
    assert training.unpacked(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"part": b"half a model"}
    with pytest.raises(ClientError, match="in status Stopped"):
        stage.sagemaker.stop_training_job(TrainingJobName=name)


def test_a_job_that_takes_too_long_is_stopped(training: Training) -> None:
    request = training.scripted("slow", ENDLESS) | {"StoppingCondition": {"MaxRuntimeInSeconds": 1}}
    job = training.wait(training.start(request), "MaxRuntimeExceeded")
    assert job["TrainingJobStatus"] == "Stopped"


def test_a_name_is_given_once_and_the_end_is_told_on_the_bus(
    stage: Stage, training: Training
) -> None:
    events, sqs = stage.client("events"), stage.client("sqs")
    queue = sqs.create_queue(QueueName="ends-of-training")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Training Job State Change"],
        "detail": {"TrainingJobName": ["once"], "TrainingJobStatus": ["Completed"]},
    }
    rule = events.put_rule(Name="ends-of-training", EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule="ends-of-training", Targets=[{"Id": "queue", "Arn": arn}])
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    request = training.boosting("once")
    training.start(request)
    with pytest.raises(ClientError) as caught:
        training.start(request)
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"
    training.wait("once")
    found: list[dict[str, Any]] = []
    while not found:
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", [])
    detail = json.loads(found[0]["Body"])["detail"]
    assert detail["SecondaryStatus"] == "Completed"
    assert detail["TrainingEndTime"].isdigit()
    assert detail["ModelArtifacts"]["S3ModelArtifacts"].endswith("once/output/model.tar.gz")
    listed = stage.sagemaker.list_training_jobs(NameContains="once")["TrainingJobSummaries"]
    assert [one["TrainingJobName"] for one in listed] == ["once"]
    stage.sagemaker.delete_training_job(TrainingJobName="once")
    with pytest.raises(ClientError, match=r"Requested resource not found\."):
        training.describe("once")
