"""A cloud of nothing but functions: what they call is recorded."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from windfall_local.api import CallContext, Credentials, Principal
from windfall_local.functions.pool import EnvironmentPool
from windfall_local.functions.service import LambdaService


@dataclass
class RecordingCloud:
    """Answers every call with nothing, and remembers it."""

    data_dir: Path
    endpoint: str = ""
    region: str = "us-east-1"
    calls: list[tuple[str, str, dict[str, Any], Principal]] = field(default_factory=list)
    refused: dict[tuple[str, str], Exception] = field(default_factory=dict)
    service: LambdaService | None = None

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        self.calls.append((service, operation, dict(parameters), principal))
        if (service, operation) in self.refused:
            raise self.refused[service, operation]
        if service == "lambda" and self.service is not None:
            context = CallContext(self, principal, f"nested-{len(self.calls)}")
            return await self.service.call(operation, parameters, context)
        return {}

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        self.calls.append((source, detail_type, detail, Principal.root()))

    def credentials(self, principal: Principal) -> Credentials:
        return Credentials("AKIA" + principal.arn.rsplit("/", 1)[-1], "secret", "token")

    def lines(self) -> list[str]:
        return [
            event["message"]
            for _, operation, parameters, _ in self.calls
            if operation == "PutLogEvents"
            for event in parameters["logEvents"]
        ]


class Functions:
    """Creates functions from source text and invokes them."""

    def __init__(self, cloud: RecordingCloud, service: LambdaService, code: Path) -> None:
        self.cloud = cloud
        self.service = service
        self.code = code

    async def call(
        self, operation: str, principal: Principal | None = None, **parameters: Any
    ) -> Any:
        self.cloud.calls.append(("", "", {}, Principal.root()))
        context = CallContext(
            self.cloud, principal or Principal.root(), f"request-{len(self.cloud.calls)}"
        )
        return await self.service.call(operation, parameters, context)

    async def create(self, name: str, source: str, **settings: Any) -> Path:
        directory = self.code / name
        directory.mkdir(parents=True)
        (directory / "main.py").write_text(source)
        await self.call(
            "CreateFunction",
            **{
                "FunctionName": name,
                "Runtime": "python3.13",
                "Role": f"arn:aws:iam::000000000000:role/{name}-role",
                "Handler": "main.handler",
                "MemorySize": 512,
                "Timeout": 30,
                "Code": {"S3Bucket": "local-directory", "S3Key": str(directory)},
                **settings,
            },
        )
        return directory

    async def invoke(self, name: str, payload: bytes = b"{}", **parameters: Any) -> Any:
        return await self.call("Invoke", FunctionName=name, Payload=payload, **parameters)


@pytest.fixture
async def functions(tmp_path: Path) -> AsyncIterator[Functions]:
    cloud = RecordingCloud(tmp_path / "data")
    service = LambdaService(
        cloud, pool=EnvironmentPool(places=2, stall_seconds=0.5), event_retry_seconds=(0.01, 0.01)
    )
    cloud.service = service
    listener = socket.create_server(("127.0.0.1", 0))
    cloud.endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        service.runtime_api, lifespan="off", log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve([listener]))
    await service.start()
    try:
        yield Functions(cloud, service, tmp_path / "code")
    finally:
        await service.stop()
        server.should_exit = True
        await serving
        listener.close()
