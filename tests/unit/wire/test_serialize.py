"""What the gateway writes, botocore reads back as it was; errors have their protocol's form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wire.shapes import values
from windfall_local.api import ServiceError, UnsupportedOperationError
from windfall_local.wire.identify import WireProtocol
from windfall_local.wire.message import HttpResponse
from windfall_local.wire.models import operation_model, service_model
from windfall_local.wire.serialize import (
    check_parameters,
    check_response,
    serialize_error,
    serialize_result,
)

RESULTS: list[tuple[str, str, WireProtocol]] = [
    ("rekognition", "DetectLabels", "json"),
    ("rekognition", "DetectFaces", "json"),
    ("comprehend", "BatchDetectEntities", "json"),
    ("translate", "TranslateDocument", "json"),
    ("stepfunctions", "GetExecutionHistory", "json"),
    ("events", "DescribeRule", "json"),
    ("lambda", "CreateFunction", "rest-json"),
    ("lambda", "ListEventSourceMappings", "rest-json"),
    ("polly", "DescribeVoices", "rest-json"),
    ("sts", "AssumeRole", "query"),
    ("cloudformation", "DescribeStacks", "query"),
]


def parsed(service: str, operation: str, response: HttpResponse) -> Any:
    """The answer as botocore parses it."""
    found = create_parser(service_model(service).resolved_protocol).parse(
        {
            "status_code": response.status,
            "headers": HeadersDict(response.headers),
            "body": response.body,
        },
        operation_model(service, operation).output_shape,
    )
    found.pop("ResponseMetadata")
    return found


@pytest.mark.parametrize(("service", "operation", "protocol"), RESULTS)
@settings(max_examples=25)
@given(data=st.data())
def test_results_survive_the_wire(
    service: str, operation: str, protocol: WireProtocol, data: st.DataObject
) -> None:
    result = data.draw(values(operation_model(service, operation).output_shape))

    response = serialize_result(service, operation, protocol, result, "id")

    check_response(service, operation, result)
    assert parsed(service, operation, response) == result


def test_speech_is_the_body_and_the_rest_are_headers() -> None:
    response = serialize_result(
        "polly",
        "SynthesizeSpeech",
        "rest-json",
        {"AudioStream": b"\x00mp3", "ContentType": "audio/mpeg", "RequestCharacters": 5},
        "id",
    )

    assert response.body == b"\x00mp3"
    assert response.headers["content-type"] == "audio/mpeg"
    assert response.headers["x-amzn-requestcharacters"] == "5"


def test_a_functions_answer_has_its_status_and_error_as_headers() -> None:
    response = serialize_result(
        "lambda",
        "Invoke",
        "rest-json",
        {"StatusCode": 202, "Payload": b"", "FunctionError": "Unhandled"},
        "id",
    )

    assert (response.status, response.body) == (202, b"")
    assert response.headers["x-amz-function-error"] == "Unhandled"


@pytest.mark.parametrize(
    ("service", "operation", "protocol", "error", "status"),
    [
        (
            "translate",
            "TranslateText",
            "json",
            ServiceError("TextSizeLimitExceededException", "too long"),
            400,
        ),
        (
            "lambda",
            "Invoke",
            "rest-json",
            ServiceError("ResourceNotFoundException", "no such function"),
            404,
        ),
        ("sts", "AssumeRole", "query", ServiceError("AccessDenied", "<no>", status=403), 403),
        ("s3", "GetObject", "rest-xml", ServiceError("AccessDenied", "a & b", status=403), 403),
        ("comprehend", "DetectSyntax", "json", UnsupportedOperationError("not here"), 501),
    ],
)
def test_an_error_arrives_with_code_and_message(
    service: str, operation: str, protocol: WireProtocol, error: ServiceError, status: int
) -> None:
    response = serialize_error(service, protocol, error, "id")

    assert response.status == status
    found = parsed(service, operation, response)["Error"]
    assert (found["Code"], found["Message"]) == (error.code, error.message)


def test_further_members_of_an_error_arrive() -> None:
    error = ServiceError(
        "UnsupportedLanguagePairException",
        "no",
        fields={"SourceLanguageCode": "en", "TargetLanguageCode": "xx"},
    )

    document = json.loads(serialize_error("translate", "json", error, "id").body)

    assert document["SourceLanguageCode"] == "en"
    assert document["TargetLanguageCode"] == "xx"


@pytest.mark.parametrize(
    "result", [{"Labels": "no list"}, {"Label": []}, {"Labels": [{"Name": 1}]}]
)
def test_an_answer_against_the_model_is_a_failure(result: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as caught:
        check_response("rekognition", "DetectLabels", result)
    assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)


@pytest.mark.parametrize("parameters", [{}, {"Image": {}, "Unknown": 1}, {"Image": "text"}])
def test_parameters_against_the_model_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as caught:
        check_parameters("rekognition", "DetectLabels", parameters)
    assert caught.value.code == "ValidationException"
