"""Processing jobs through boto3: scripts, and Clarify over real models."""

from __future__ import annotations

import csv as csv_module
import io
import json
import time
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import xgboost as xgb
from botocore.exceptions import ClientError

from tests.fakes.models import SCIKIT_LEARN, boosted, booster, csv, rows
from tests.fakes.service_model import model_violations
from tests.integration.sagemaker.conftest import Stage

CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
SCRIPT = """
import argparse, os, pathlib, sys

parser = argparse.ArgumentParser()
parser.add_argument("--out")
folder = pathlib.Path(parser.parse_args().out)
source = pathlib.Path(os.environ["SOURCE"], "rows.csv")
lines = source.read_text().splitlines()
print(len(lines), "lines")
if not lines[0].startswith("0"):
    sys.exit("the first line is odd")
(folder / "deep").mkdir()
(folder / "deep" / "sorted.csv").write_text("\\n".join(sorted(lines, reverse=True)))
"""
EXPLAINING = (
    "sagemaker:DescribeModel",
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateEndpoint",
    "sagemaker:DescribeEndpoint",
    "sagemaker:InvokeEndpoint",
    "sagemaker:DeleteEndpoint",
    "sagemaker:DeleteEndpointConfig",
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "logs:*",
    "ecr:*",
)


class Processing:
    """Starts processing jobs and waits for their ends."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def run(
        self, role: str, application: dict[str, Any], inputs: dict[str, str], **more: Any
    ) -> dict[str, Any]:
        """A job's description, when it has ended."""
        name = f"processing-{uuid4().hex[:12]}"
        self.stage.sagemaker.create_processing_job(
            ProcessingJobName=name,
            RoleArn=role,
            AppSpecification=application,
            ProcessingInputs=[
                {
                    "InputName": path.rpartition("/")[2],
                    "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix"},
                }
                for path, uri in inputs.items()
            ],
            ProcessingOutputConfig={
                "Outputs": [
                    {
                        "OutputName": "out",
                        "S3Output": {
                            "S3Uri": f"s3://{self.stage.bucket}/{name}",
                            "LocalPath": "/opt/ml/processing/output",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
            ProcessingResources={
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 1,
                }
            },
            **more,
        )
        until = time.monotonic() + 100
        while time.monotonic() < until:
            found = self.stage.client("sagemaker").describe_processing_job(ProcessingJobName=name)
            found.pop("ResponseMetadata")
            assert model_violations("sagemaker", "DescribeProcessingJob", found) == []
            if found["ProcessingJobStatus"] not in ("InProgress", "Stopping"):
                job: dict[str, Any] = found
                return job
            time.sleep(0.05)
        raise AssertionError(f"{name} has not ended")

    def out(self, job: dict[str, Any], name: str) -> bytes:
        """A file of a job's output."""
        return self.stage.get(f"s3://{self.stage.bucket}/{job['ProcessingJobName']}/{name}")

    def clarify(self, role: str, config: dict[str, Any], data: bytes) -> dict[str, Any]:
        """A job of Clarify's."""
        name = uuid4().hex[:12]
        return self.run(
            role,
            {"ImageUri": CLARIFY},
            {
                "/opt/ml/processing/input/config": self.stage.put(
                    f"{name}/config/analysis_config.json", json.dumps(config).encode()
                ),
                "/opt/ml/processing/input/data": self.stage.put(f"{name}/data/rows.csv", data),
            },
        )


@pytest.fixture
def processing(stage: Stage) -> Processing:
    return Processing(stage)


def scripted(stage: Stage) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    """An application, its inputs, and its environment."""
    application = {
        "ImageUri": SCIKIT_LEARN,
        "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/sort.py"],
        "ContainerArguments": ["--out", "/opt/ml/processing/output"],
    }
    inputs = {
        "/opt/ml/processing/input/code": stage.put("code/sort.py", SCRIPT.encode()),
        "/opt/ml/processing/input/data": f"s3://{stage.bucket}/data/",
    }
    return application, inputs, {"Environment": {"SOURCE": "/opt/ml/processing/input/data"}}


def test_a_script_gets_its_inputs_and_its_outputs_are_kept(
    stage: Stage, processing: Processing, role: str
) -> None:
    application, inputs, more = scripted(stage)
    stage.put("data/rows.csv", b"0,a\n1,b\n2,c\n")
    job = processing.run(role, application, inputs, **more)
    assert job["ProcessingJobStatus"] == "Completed", job
    assert processing.out(job, "deep/sorted.csv") == b"2,c\n1,b\n0,a"


def test_a_script_that_fails_fails_its_job(stage: Stage, processing: Processing, role: str) -> None:
    application, inputs, more = scripted(stage)
    stage.put("data/rows.csv", b"odd\n")
    job = processing.run(role, application, inputs, **more)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].endswith("exit code: 1")
    application["ContainerEntrypoint"] = ["/bin/bash", "-c", "true"]
    job = processing.run(role, application, inputs, **more)
    assert "runs Python scripts in processing jobs, not '/bin/bash'" in job["FailureReason"]
    with pytest.raises(ClientError, match="must lie below /opt/ml/processing"):
        processing.run(role, application, {"/etc": inputs["/opt/ml/processing/input/data"]})


def test_clarify_explains_a_model_and_measures_its_bias(
    stage: Stage, processing: Processing, role: str
) -> None:
    table = rows(24)
    label = (table[:, 0] + table[:, 1] > 1).astype(int)
    facet = (table[:, 3] > 0.5).astype(int)
    whole = np.column_stack([label, table[:, :3], facet])
    model = stage.model(boosted(), role)
    config = {
        "dataset_type": "text/csv",
        "headers": ["wished", "first", "second", "third", "of"],
        "label": "wished",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "of", "value_or_threshold": [1]}],
        "group_variable": "third",
        "methods": {
            "report": {"name": "report", "title": "Analysis"},
            "pre_training_bias": {"methods": "all"},
            "post_training_bias": {"methods": ["DPPL", "AD"]},
            "shap": {
                "baseline": [[0.5, 0.5, 0.5, 0.5]],
                "num_samples": 100,
                "agg_method": "mean_abs",
            },
        },
        "predictor": {
            "model_name": model,
            "instance_type": "ml.m5.large",
            "initial_instance_count": 1,
            "accept_type": "text/csv",
        },
        "probability_threshold": 0.5,
    }
    job = processing.clarify(stage.role(*EXPLAINING), config, csv(whole))
    assert job["ProcessingJobStatus"] == "Completed", job
    analysis = json.loads(processing.out(job, "analysis.json"))

    before = analysis["pre_training_bias_metrics"]
    assert (before["label"], before["label_value_or_threshold"]) == ("wished", "1")
    [of] = before["facets"]["of"]
    assert of["value_or_threshold"] == "1"
    values = {one["name"]: one["value"] for one in of["metrics"]}
    assert list(values) == ["CDDL", "CI", "DPL", "JS", "KL", "KS", "LP", "TVD"]
    inside = facet == 1
    assert values["DPL"] == pytest.approx(label[~inside].mean() - label[inside].mean())

    def predict(features: Any) -> Any:
        return booster().predict(xgb.DMatrix(np.asarray(features, np.float32)))

    features = whole[:, 1:]
    predicted = predict(features) > 0.5
    [of] = analysis["post_training_bias_metrics"]["facets"]["of"]
    values = {one["name"]: one["value"] for one in of["metrics"]}
    assert values["DPPL"] == pytest.approx(predicted[~inside].mean() - predicted[inside].mean())

    shap = analysis["explanations"]["kernel_shap"]["label0"]
    [expected] = predict(np.full((1, 4), 0.5))
    assert shap["expected_value"] == pytest.approx(float(expected), abs=1e-5)
    shares = shap["global_shap_values"]
    assert list(shares) == ["first", "second", "third", "of"]
    assert min(shares["first"], shares["second"]) > 5 * max(shares["third"], shares["of"])
    lines = list(
        csv_module.reader(io.StringIO(processing.out(job, "explanations_shap/out.csv").decode()))
    )
    assert lines[0] == [
        "first_label0", "second_label0", "third_label0", "of_label0", "predicted_label",
    ]  # fmt: skip
    for line, prediction in zip(lines[1:], predict(features), strict=True):
        *parts, said = map(float, line)
        assert sum(parts) + shap["expected_value"] == pytest.approx(said, abs=1e-5)
        assert said == pytest.approx(float(prediction), abs=1e-5)


def test_what_clarify_cannot_do_here_and_may_not_do_is_told(
    stage: Stage, processing: Processing, role: str, boosted_model: str
) -> None:
    data = b"a,b\n1,2\n"
    job = processing.clarify(role, {"methods": {"pdp": {}}}, data)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "does not compute pdp" in job["FailureReason"]
    assert job["FailureReason"].endswith("exit code: 2")
    job = processing.clarify(role, {"methods": {"pre_training_bias": {}}}, data)
    assert "need a label" in job["ExitMessage"]
    asked = {"methods": {"shap": {}}, "predictor": {"model_name": boosted_model}}
    job = processing.clarify(role, asked, data)
    assert "sagemaker:DescribeModel" in job["FailureReason"]
