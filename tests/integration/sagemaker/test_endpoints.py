"""Endpoints through boto3, the gateway, and real processes with real models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.models import (
    SCIKIT_LEARN,
    SUMS,
    TRITON,
    XGBOOST,
    archive,
    boosted,
    booster,
    csv,
    rows,
    script,
)
from tests.integration.sagemaker.conftest import Stage
from tests.unit.engine_tables.test_triton import write_sums

FLAKY = (
    SUMS
    + """
COUNT = {"asked": 0}

def predict_fn(rows, model):
    COUNT["asked"] += 1
    if COUNT["asked"] % 2 == 0:
        raise RuntimeError("each second request fails")
    return model.predict(rows)
"""
)

DYING = (
    SUMS
    + """
import os

import numpy as np

def input_fn(body, content_type):
    if body != "live":
        os._exit(3)
    return np.ones((1, 2))
"""
)


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    """The code and message of the error that a call must end with."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_built_in_algorithm_predicts_what_its_model_predicts(
    stage: Stage, boosted_model: str
) -> None:
    endpoint = stage.endpoint(boosted_model)
    description = stage.settled(endpoint)
    assert description["EndpointStatus"] == "InService"
    assert description["ProductionVariants"][0]["DeployedImages"][0]["SpecifiedImage"] == XGBOOST
    table = rows(5)
    answer = stage.runtime.invoke_endpoint(
        EndpointName=endpoint, Body=csv(table), ContentType="text/csv"
    )
    assert answer["ContentType"] == "text/csv; charset=utf-8"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    import xgboost as xgb

    expected = booster().predict(xgb.DMatrix(table)).tolist()
    text = answer["Body"].read().decode()
    assert [float(one) for one in text.split(",")] == pytest.approx(expected, abs=1e-6)

    with pytest.raises(ClientError) as caught:
        stage.ask(endpoint, b"1,2\n")
    error = caught.value.response
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 400)
    assert "Feature size of csv inference data 2" in error["OriginalMessage"]


def test_a_script_serves_with_the_toolkits_defaults(stage: Stage, sums: str) -> None:
    endpoint = stage.endpoint(sums)
    assert stage.ask(endpoint, b"1,2\n3,4\n") == b"[3.0, 7.0]"
    assert stage.ask(endpoint, b"1,2\n3,4\n", Accept="text/csv") == b"3.0\n7.0\n"
    assert stage.ask(endpoint, b"[[5, 6]]", "application/json") == b"[11.0]"
    with pytest.raises(ClientError) as caught:
        stage.ask(endpoint, b"?", "application/x-recordio-protobuf")
    assert caught.value.response["OriginalStatusCode"] == 415
    assert "application/x-recordio-protobuf" in caught.value.response["OriginalMessage"]


def test_a_script_that_fails_each_second_request_serves_the_others(stage: Stage, role: str) -> None:
    model = stage.model(script(FLAKY), role, SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py")
    endpoint = stage.endpoint(model)
    for _ in range(2):
        assert stage.ask(endpoint, b"1,2\n3,4\n", Accept="text/csv") == b"3.0\n7.0\n"
        with pytest.raises(ClientError) as caught:
            stage.ask(endpoint, b"1,2\n3,4\n")
        assert caught.value.response["OriginalStatusCode"] == 500
        assert "each second request fails" in caught.value.response["OriginalMessage"]


def test_a_container_that_dies_is_an_error_and_the_next_request_is_answered(
    stage: Stage, role: str
) -> None:
    model = stage.model(script(DYING), role, SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py")
    endpoint = stage.endpoint(model)
    with pytest.raises(ClientError) as caught:
        stage.ask(endpoint, b"die")
    assert caught.value.response["Error"]["Code"] == "ModelError"
    assert "died" in caught.value.response["OriginalMessage"]
    assert stage.ask(endpoint, b"live") == b"[2.0]"


def test_an_onnx_model_answers_with_tensors(stage: Stage, role: str, tmp_path: Path) -> None:
    write_sums(tmp_path / "1")
    content = (tmp_path / "1" / "model.onnx").read_bytes()
    endpoint = stage.endpoint(stage.model(archive(sums__1__model_dot_onnx=content), role, TRITON))
    asked = {"name": "rows", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}
    body = json.dumps({"inputs": [asked]}).encode()
    answer = json.loads(stage.ask(endpoint, body, "application/json"))
    assert answer["outputs"][0]["data"] == [3.0]


def test_an_endpoint_whose_model_cannot_be_read_fails_with_the_reason(stage: Stage) -> None:
    blind = stage.role("logs:*", "ecr:*")
    model = stage.model(boosted(), blind)
    description = stage.settled(stage.endpoint(model))
    assert description["EndpointStatus"] == "Failed"
    assert "Failed to download model data" in description["FailureReason"]


def test_what_a_model_takes_of_the_memory_is_measured_where_its_role_may(
    stage: Stage, boosted_model: str
) -> None:
    unmeasured = stage.model(boosted(), stage.role("s3:*", "logs:*", "ecr:*"))
    for model, metrics in ((boosted_model, ["MemoryUtilization"]), (unmeasured, [])):
        endpoint = stage.endpoint(model)
        assert stage.settled(endpoint)["EndpointStatus"] == "InService"
        told = stage.client("cloudwatch").list_metrics(
            Namespace="/aws/sagemaker/Endpoints",
            Dimensions=[{"Name": "EndpointName", "Value": endpoint}],
        )
        assert [one["MetricName"] for one in told["Metrics"]] == metrics


@pytest.mark.parametrize("action", ["GetAuthorizationToken", "BatchGetImage"])
def test_an_endpoint_whose_role_may_not_pull_the_image_fails_with_the_reason(
    stage: Stage, action: str
) -> None:
    role = stage.role("s3:*", "logs:*", "ecr:*", without=f"ecr:{action}")
    description = stage.settled(stage.endpoint(stage.model(boosted(), role)))
    assert description["EndpointStatus"] == "Failed"
    assert description["FailureReason"] == (
        f"The role '{role}' does not have {action} permission for the image: '{XGBOOST}'."
    )


def test_an_endpoint_whose_script_cannot_be_imported_fails_with_the_reason(
    stage: Stage, role: str
) -> None:
    broken = stage.model(
        script("import nonsense"), role, SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py"
    )
    description = stage.settled(stage.endpoint(broken))
    assert description["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in description["FailureReason"]
    assert "nonsense" in description["FailureReason"]


def test_a_serverless_endpoint_takes_four_megabytes(stage: Stage, sums: str) -> None:
    small = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 2}}
    endpoint = stage.endpoint(sums, small)
    assert stage.ask(endpoint, b"1,2\n3,4\n", Accept="text/csv") == b"3.0\n7.0\n"
    code, message = refusal(stage.ask, endpoint=endpoint, body=b"1" * (4 * 1024**2 + 1))
    assert code == "ValidationError"
    assert "4,194,304" in message


def test_names_that_are_not_there_or_taken_are_refused_as_aws_refuses_them(
    stage: Stage, sums: str, role: str
) -> None:
    sagemaker = stage.sagemaker
    assert refusal(sagemaker.describe_endpoint, EndpointName="none") == (
        "ValidationException",
        'Could not find endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/none".',
    )
    assert refusal(stage.ask, endpoint="none", body=b"1") == (
        "ValidationError",
        "Endpoint none of account 000000000000 not found.",
    )
    code, message = refusal(
        sagemaker.create_model,
        ModelName=sums,
        ExecutionRoleArn=role,
        PrimaryContainer={"Image": XGBOOST},
    )
    assert code == "ValidationException"
    assert message.startswith("Cannot create already existing model")
    code, message = refusal(
        sagemaker.create_model,
        ModelName="other",
        ExecutionRoleArn=role,
        PrimaryContainer={"Image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:1"},
    )
    assert code == "NotImplementedException"
    assert "mine:1" in message
    code, message = refusal(
        sagemaker.create_model,
        ModelName="other",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/nobody",
        PrimaryContainer={"Image": XGBOOST},
    )
    assert code == "ValidationException"
    assert "Could not assume role" in message


def test_what_is_deleted_is_gone(stage: Stage, sums: str) -> None:
    endpoint = stage.endpoint(sums)
    stage.sagemaker.delete_endpoint(EndpointName=endpoint)
    stage.sagemaker.delete_endpoint_config(EndpointConfigName=endpoint)
    stage.sagemaker.delete_model(ModelName=sums)
    listed = stage.sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"]
    assert listed == []
    code, _ = refusal(stage.sagemaker.describe_model, ModelName=sums)
    assert code == "ValidationException"


def test_an_endpoint_serves_on_while_its_update_fails(stage: Stage, sums: str, role: str) -> None:
    endpoint = stage.endpoint(sums)
    broken = stage.model(b"no archive", role)
    stage.sagemaker.create_endpoint_config(
        EndpointConfigName=broken,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": broken,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
    )
    stage.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=broken)
    description = stage.settled(endpoint)
    assert description["EndpointStatus"] == "InService"
    assert description["EndpointConfigName"] == endpoint
    assert "Failed to extract" in description["FailureReason"]
    assert stage.ask(endpoint, b"1,2\n3,4\n", Accept="text/csv") == b"3.0\n7.0\n"
