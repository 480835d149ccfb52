"""A cloud that records what a template made of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import validate_parameters

from windfall_local.api import Credentials, Principal, ServiceError


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


Answer = dict[str, Any] | ServiceError


class RecordingCloud:
    """Remembers calls, all of which boto3 would take; answers as it is told, else with nothing."""

    region = "eu-west-1"
    endpoint = "http://127.0.0.1:1"

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.answers: dict[str, Answer] = dict(MISSING)

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        assert principal == Principal.root()
        shape = _model(service).operation_model(operation).input_shape
        if shape is not None:
            validate_parameters(parameters, shape)
        self.calls.append((service, operation, parameters))
        answer = self.answers.get(operation, {})
        if isinstance(answer, ServiceError):
            raise answer
        return answer

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        raise AssertionError("Provisioning emits nothing")

    def credentials(self, principal: Principal) -> Credentials:
        raise AssertionError("Provisioning needs no keys")

    def made(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for _, name, parameters in self.calls if name == operation]


MISSING: dict[str, Answer] = {
    "HeadBucket": ServiceError("404", "Not Found", status=404),
    "GetQueueUrl": ServiceError("AWS.SimpleQueueService.NonExistentQueue", "none"),
    "CreateQueue": {"QueueUrl": "http://127.0.0.1:1/000000000000/q"},
    "DescribeTable": ServiceError("ResourceNotFoundException", "none"),
    "DescribeEventBus": ServiceError("ResourceNotFoundException", "none"),
    "DescribeArchive": ServiceError("ResourceNotFoundException", "none"),
    "GetRole": ServiceError("NoSuchEntity", "none", status=404),
    "GetPolicy": ServiceError("NoSuchEntity", "none", status=404),
    "GetFunctionConfiguration": ServiceError("ResourceNotFoundException", "none", status=404),
    "RemovePermission": ServiceError("ResourceNotFoundException", "none", status=404),
    "PublishLayerVersion": {"LayerVersionArn": "arn:aws:lambda:eu-west-1:0:layer:l:1"},
    "CreateEventSourceMapping": {"UUID": "0" * 36},
    "DescribeStateMachine": ServiceError("StateMachineDoesNotExist", "none"),
    "GetParameter": ServiceError("ParameterNotFound", "none"),
    "CreateKey": {"KeyMetadata": {"KeyId": "key", "Arn": "arn:aws:kms:eu-west-1:0:key/key"}},
    "Subscribe": {"SubscriptionArn": "arn:aws:sns:eu-west-1:0:t:s"},
}
"""How a cloud answers in which nothing is yet."""


@pytest.fixture
def cloud(tmp_path: Path) -> RecordingCloud:
    return RecordingCloud(tmp_path / "data")


@pytest.fixture
def write_template(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "template.yaml"
        path.write_text(text)
        return path

    return write
