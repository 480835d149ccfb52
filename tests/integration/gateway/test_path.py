"""The path of one request, with a service and a caller of the test's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from windfall_local.api import CallContext, Principal, ServiceError
from windfall_local.cloud import LocalCloud

HOST = "127.0.0.1:4566"


@dataclass
class ScriptedTranslate:
    """A Translate that answers what the test says."""

    answer: Any = None
    calls: list[tuple[str, dict[str, Any], Principal]] = field(default_factory=list)
    name: str = "translate"

    async def call(self, operation: str, parameters: dict[str, Any], context: CallContext) -> Any:
        self.calls.append((operation, parameters, context.principal))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[LocalCloud]:
    async with LocalCloud.run(tmp_path) as running:
        yield running


@pytest.fixture
def translate(cloud: LocalCloud) -> ScriptedTranslate:
    scripted = ScriptedTranslate(
        {"TranslatedText": "hola", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    )
    cloud.services["translate"] = scripted
    return scripted


TEXT = {"Text": "hello", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}


async def post(
    cloud: LocalCloud,
    body: bytes,
    target: str = "AWSShineFrontendService_20170701.TranslateText",
    *,
    service: str = "translate",
    principal: Principal | None = None,
    more: dict[str, str] | None = None,
) -> Answer:
    """Sign a request and hand it to the gateway as uvicorn would, in two pieces."""
    keys = cloud.credentials(principal or Principal.root())
    request = AWSRequest("POST", f"http://{HOST}/", {"X-Amz-Target": target}, body)
    signer = Credentials(keys.access_key, keys.secret_key, keys.token or None)
    SigV4Auth(signer, service, cloud.region).add_auth(request)
    headers = {**dict(request.headers.items()), "Host": HOST, **(more or {})}
    pieces = [
        {"type": "http.request", "body": body[:5], "more_body": True},
        {"type": "http.request", "body": body[5:], "more_body": False},
    ]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return pieces.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await cloud.gateway(scope, receive, send)
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], answered, sent[1]["body"])


async def test_a_service_gets_parameters_and_its_answer_is_written(
    cloud: LocalCloud, translate: ScriptedTranslate
) -> None:
    answer = await post(cloud, json.dumps(TEXT).encode())

    assert translate.calls == [("TranslateText", TEXT, Principal.root())]
    assert (answer.status, answer.document) == (200, translate.answer)
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.headers["x-amzn-requestid"]


async def test_a_services_error_has_its_code(
    cloud: LocalCloud, translate: ScriptedTranslate
) -> None:
    translate.answer = ServiceError("TextSizeLimitExceededException", "too long")

    answer = await post(cloud, json.dumps(TEXT).encode())

    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "TextSizeLimitExceededException"
    assert answer.document == {"__type": "TextSizeLimitExceededException", "Message": "too long"}


@pytest.mark.parametrize("wrong", [{"TranslatedText": 1}, RuntimeError("bug")])
async def test_a_services_fault_is_an_internal_failure(
    cloud: LocalCloud, translate: ScriptedTranslate, wrong: Any
) -> None:
    translate.answer = wrong

    answer = await post(cloud, json.dumps(TEXT).encode())

    assert (answer.status, answer.document["__type"]) == (500, "InternalFailure")


async def test_parameters_that_do_not_fit_never_reach_the_service(
    cloud: LocalCloud, translate: ScriptedTranslate
) -> None:
    answer = await post(cloud, b'{"Text": "hello"}')

    assert answer.document["__type"] == "ValidationException"
    assert "SourceLanguageCode" in answer.document["message"]
    assert translate.calls == []


async def test_who_may_not_call_never_reaches_the_service(
    cloud: LocalCloud, translate: ScriptedTranslate
) -> None:
    stranger = Principal.role("arn:aws:iam::000000000000:role/nobody", "session")

    answer = await post(cloud, json.dumps(TEXT).encode(), principal=stranger)

    assert answer.document["__type"] == "AccessDeniedException"
    assert "translate:TranslateText" in answer.document["message"]
    assert translate.calls == []


async def test_an_operation_that_does_not_exist_is_named(cloud: LocalCloud) -> None:
    answer = await post(cloud, b"{}", "AWSShineFrontendService_20170701.Nonsense")

    assert answer.document["__type"] == "UnknownOperationException"
    assert "Nonsense" in answer.document["message"]


async def test_a_service_that_is_not_here_is_named(cloud: LocalCloud) -> None:
    answer = await post(cloud, b"{}", "Kendra.Query", service="kendra")

    assert answer.status == 501
    assert b"kendra" in answer.body


async def test_a_body_over_the_limit_is_refused(
    cloud: LocalCloud, translate: ScriptedTranslate
) -> None:
    answer = await post(cloud, b"{}", more={"content-length": str(65 * 1024**2)})

    assert answer.status == 413
    assert translate.calls == []


async def test_calls_from_inside_are_authorized_and_checked(
    cloud: LocalCloud, translate: ScriptedTranslate
) -> None:
    stranger = Principal.role("arn:aws:iam::000000000000:role/nobody", "session")

    assert await cloud.call("translate", "TranslateText", TEXT, Principal.root())
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        await cloud.call("translate", "TranslateText", TEXT, stranger)
    with pytest.raises(ServiceError, match="ValidationException"):
        await cloud.call("translate", "TranslateText", {"Text": "a"}, Principal.root())
    assert len(translate.calls) == 1
