"""A Lambda service without processes: what is defined, not what runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from windfall_local.api import CallContext, Credentials, Principal, ServiceError
from windfall_local.functions.service import LambdaService


class QuietCloud:
    """Answers every call with nothing, and remembers it."""

    region = "us-east-1"
    endpoint = "http://127.0.0.1:1"

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.calls: list[tuple[str, str, dict[str, Any], Principal]] = []
        self.errors: dict[str, ServiceError] = {}

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        if operation in self.errors:
            raise self.errors[operation]
        self.calls.append((service, operation, dict(parameters), principal))
        return {}

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        raise AssertionError("Lambda emits nothing")

    def credentials(self, principal: Principal) -> Credentials:
        return Credentials("key", "secret")


class Definitions:
    """Calls operations of a service, with a function's settings at hand."""

    def __init__(self, cloud: QuietCloud, directory: Path) -> None:
        self.cloud = cloud
        self.directory = directory
        self.service = LambdaService(cloud)

    async def __call__(self, operation: str, **parameters: Any) -> Any:
        context = CallContext(self.cloud, Principal.root(), "request")
        return await self.service.call(operation, parameters, context)

    async def create(self, name: str = "f", **changes: Any) -> Any:
        return await self("CreateFunction", **self.settings(name), **changes)

    def settings(self, name: str) -> dict[str, Any]:
        return {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Role": "arn:aws:iam::000000000000:role/r",
            "Handler": "main.handler",
            "Code": self.code,
        }

    @property
    def code(self) -> dict[str, str]:
        return {"S3Bucket": "local-directory", "S3Key": str(self.directory)}


@pytest.fixture
def aws_lambda(tmp_path: Path) -> Definitions:
    code = tmp_path / "code"
    code.mkdir()
    (code / "main.py").write_text("def handler(event, context): ...\n")
    return Definitions(QuietCloud(tmp_path / "data"), code)
