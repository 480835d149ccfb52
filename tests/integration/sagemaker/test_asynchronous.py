"""Asynchronous inference through boto3: S3 in, S3 out, and messages of SNS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.models import SCIKIT_LEARN, SUMS, script
from tests.integration.sagemaker.conftest import Stage


def configured(stage: Stage, topic: str) -> dict[str, Any]:
    """An AsyncInferenceConfig with both paths and topics."""
    return {
        "AsyncInferenceConfig": {
            "OutputConfig": {
                "S3OutputPath": f"s3://{stage.bucket}/out/",
                "S3FailurePath": f"s3://{stage.bucket}/failed",
                "NotificationConfig": {
                    "SuccessTopic": topic,
                    "ErrorTopic": topic,
                    "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
                },
            }
        }
    }


def test_a_request_is_answered_into_s3_and_told_of(stage: Stage, sums: str) -> None:
    topic, wait = stage.topic()
    endpoint = stage.endpoint(sums, **configured(stage, topic))
    source = stage.put("in/rows.csv", b"1,2\n3,4\n")
    answer = stage.runtime.invoke_endpoint_async(
        EndpointName=endpoint,
        InputLocation=source,
        ContentType="text/csv",
        Accept="text/csv",
        InferenceId="file-1",
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["InferenceId"] == "file-1"
    assert answer["OutputLocation"].startswith(f"s3://{stage.bucket}/out/")
    assert answer["OutputLocation"].endswith(".out")
    told = wait()
    assert told.pop("eventTime") >= told.pop("receivedTime")
    assert told == {
        "awsRegion": "us-east-1",
        "invocationStatus": "Completed",
        "requestParameters": {
            "contentType": "text/csv",
            "endpointName": endpoint,
            "inputLocation": source,
        },
        "responseParameters": {
            "contentType": "text/csv; charset=utf-8",
            "outputLocation": answer["OutputLocation"],
        },
        "responseBody": {"content": "3.0\n7.0\n", "encoding": "UTF8"},
        "inferenceId": "file-1",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    assert stage.get(answer["OutputLocation"]) == b"3.0\n7.0\n"


def test_what_the_container_refuses_lies_at_the_failure_location(stage: Stage, sums: str) -> None:
    topic, wait = stage.topic()
    endpoint = stage.endpoint(sums, **configured(stage, topic))
    answer = stage.runtime.invoke_endpoint_async(
        EndpointName=endpoint,
        Body=b"no numbers",
        ContentType="text/csv",
        S3OutputPathExtension="2026/11",
        Filename="mine.txt",
    )
    assert answer["OutputLocation"] == f"s3://{stage.bucket}/out/2026/11/mine.txt"
    told = wait()
    assert told["invocationStatus"] == "Failed"
    assert told["failureReason"].startswith("ClientError: Received server error (500) from model.")
    assert told["inferenceId"] == answer["InferenceId"]
    assert b"could not convert string to float" in stage.get(answer["FailureLocation"])


def test_an_input_that_is_not_there_and_a_slow_model_fail_with_their_reasons(
    stage: Stage, role: str
) -> None:
    slow = SUMS + "\nimport time\ndef predict_fn(rows, model):\n    time.sleep(600)\n"
    model = stage.model(script(slow), role, SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py")
    topic, wait = stage.topic()
    endpoint = stage.endpoint(model, **configured(stage, topic))
    stage.runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{stage.bucket}/none", ContentType="text/csv"
    )
    assert "Unable to download the input" in wait()["failureReason"]
    stage.runtime.invoke_endpoint_async(
        EndpointName=endpoint, Body=b"1,2", ContentType="text/csv", InvocationTimeoutSeconds=1
    )
    assert "timed out" in wait()["failureReason"]


def test_each_kind_of_endpoint_takes_its_own_kind_of_request(stage: Stage, sums: str) -> None:
    topic, _ = stage.topic()
    asynchronous = stage.endpoint(sums, **configured(stage, topic))
    with pytest.raises(ClientError, match="InvokeEndpointAsync only"):
        stage.ask(asynchronous, b"1,2")
    plain = stage.endpoint(sums)
    with pytest.raises(ClientError, match="is not asynchronous"):
        stage.runtime.invoke_endpoint_async(EndpointName=plain, Body=b"1,2")
    with pytest.raises(ClientError, match="Exactly one of InputLocation and Body"):
        stage.runtime.invoke_endpoint_async(EndpointName=asynchronous)
