"""What botocore writes, the gateway reads back: every operation of the services we answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wire.shapes import values
from windfall_local.api import ServiceError
from windfall_local.wire.identify import Identified, identify, identify_service, protocol_of
from windfall_local.wire.message import HttpRequest
from windfall_local.wire.models import operation_model, service_model
from windfall_local.wire.parse import parse_parameters

OPERATIONS = [
    ("rekognition", "DetectLabels"),
    ("rekognition", "IndexFaces"),
    ("comprehend", "BatchDetectSentiment"),
    ("translate", "TranslateDocument"),
    ("stepfunctions", "StartExecution"),
    ("stepfunctions", "CreateStateMachine"),
    ("events", "PutEvents"),
    ("events", "PutTargets"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "TransactWriteItems"),
    ("sqs", "SendMessage"),
    ("logs", "PutLogEvents"),
    ("ssm", "PutParameter"),
    ("lambda", "Invoke"),
    ("lambda", "CreateFunction"),
    ("lambda", "ListEventSourceMappings"),
    ("polly", "SynthesizeSpeech"),
    ("polly", "PutLexicon"),
    ("polly", "DescribeVoices"),
    ("iam", "CreateRole"),
    ("iam", "TagRole"),
    ("sts", "AssumeRole"),
    ("sns", "Publish"),
    ("cloudformation", "DescribeStacks"),
    ("s3", "PutObject"),
    ("s3", "GetObject"),
    ("s3", "ListObjectsV2"),
    ("s3", "CompleteMultipartUpload"),
    ("s3", "DeleteObjects"),
    ("s3", "PutBucketNotificationConfiguration"),
]


def written(service: str, operation: str, parameters: dict[str, Any]) -> HttpRequest:
    """The request that botocore writes for a call."""
    model = service_model(service)
    serializer = create_serializer(model.resolved_protocol, include_validation=False)
    made = serializer.serialize_to_request(parameters, operation_model(service, operation))
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
        headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
    path, _, fixed = made["url_path"].partition("?")
    query = "&".join(filter(None, (fixed, urlencode(made["query_string"], doseq=True))))
    body = body.encode() if isinstance(body, str) else bytes(body or b"")
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{model.signing_name}/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )
    return HttpRequest(made["method"], path, query, headers, body)


def read(request: HttpRequest) -> tuple[Identified, dict[str, Any]]:
    service = identify_service(request)
    identified = identify(service, protocol_of(service, request), request)
    return identified, parse_parameters(request, identified)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
@settings(max_examples=25)
@given(data=st.data())
def test_parameters_survive_the_wire(service: str, operation: str, data: st.DataObject) -> None:
    shape = operation_model(service, operation).input_shape
    parameters = data.draw(values(shape))
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location in ("header", "headers") and name in parameters:
            # Headers are Latin-1 on the wire; SDKs refuse other text themselves.
            parameters.update(_plain(name, parameters.pop(name)))
        if location == "uri" and not parameters.get(name, "x").strip("/"):
            parameters[name] = "label"

    identified, parsed = read(written(service, operation, parameters))

    assert (identified.service, identified.operation) == (service, operation)
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name == "blob":
        parameters.setdefault(payload, b"")
    assert parsed == parameters


def _plain(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if _is_plain(value) else {}


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(item) for item in value.values())
    if isinstance(value, list):
        return False
    return not isinstance(value, str) or value.isascii()


def test_what_the_model_does_not_know_is_dropped() -> None:
    request = written("comprehend", "DetectSentiment", {"Text": "a", "LanguageCode": "en"})
    request.body = b'{"Text":"a","LanguageCode":"en","Later":1}'

    assert read(request)[1] == {"Text": "a", "LanguageCode": "en"}


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"Image":{"Bytes":"no base64"}}'])
def test_a_broken_body_is_a_serialization_error(body: bytes) -> None:
    request = written("rekognition", "DetectLabels", {"Image": {"Bytes": b""}})
    request.body = body

    with pytest.raises(ServiceError) as caught:
        read(request)
    assert caught.value.code == "SerializationException"


def test_broken_xml_is_malformed() -> None:
    request = written("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": []}})
    request.body = b"<Delete"

    with pytest.raises(ServiceError) as caught:
        read(request)
    assert caught.value.code == "MalformedXML"
