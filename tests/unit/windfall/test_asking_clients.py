"""What the clients of the AI services repeat by themselves, and what they leave unanswered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from tests.fakes.storage import FakeObjectStore
from windfall.adapters.aws_errors import is_refusal
from windfall.adapters.clients import ai_client
from windfall.adapters.comprehend import ComprehendLanguage
from windfall.claims import Claims
from windfall.contracts.base import S3Pointer
from windfall.errors import TransientError, UnansweredError

URL = "https://comprehend.us-east-1.amazonaws.com"
FOLDER = S3Pointer(bucket="results", key="results/f/claims/language/1/")
ENGLISH = [{"LanguageCode": "en", "Score": 1.0}]
Said = tuple[int, str] | Exception


class Body:
    """What an answer's bytes are read from."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._body = json.dumps(document).encode()

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """All at once."""
        yield self._body


class Wire:
    """Stands where requests are sent; after what the test gave, it answers well."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.sent = 0

    def send(self, **_: Any) -> AWSResponse:
        """Answer, or break."""
        self.sent += 1
        said = self.said.pop(0) if self.said else (200, "")
        if isinstance(said, Exception):
            raise said
        status, code = said
        document = {"__type": code, "message": "It said so."} if code else {"Languages": ENGLISH}
        return AWSResponse(URL, status, {}, Body(document))


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    ai_client.cache_clear()
    made = Wire()
    ai_client("comprehend").meta.events.register("before-send", made.send)
    yield made
    ai_client.cache_clear()


UNCERTAIN: list[Said] = [
    (500, "InternalServerException"),
    (502, "BadGateway"),
    (504, "GatewayTimeout"),
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
]
UNDONE: list[Said] = [
    (503, "ServiceUnavailable"),
    ConnectTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
]


@pytest.mark.parametrize("said", UNCERTAIN, ids=str)
def test_what_may_have_been_done_is_repeated_unless_it_is_asked_once(
    said: Said, wire: Wire
) -> None:
    wire.said = [said]
    assert ComprehendLanguage().dominant("Hello") == ENGLISH
    assert wire.sent == 2

    wire.said = [said]
    with pytest.raises(UnansweredError, match="windfall rerun"):
        Claims(FakeObjectStore(), FOLDER).once("a", lambda: ComprehendLanguage().dominant("Hello"))
    assert wire.sent == 2 + 1


@pytest.mark.parametrize("said", UNDONE, ids=str)
def test_what_was_not_done_is_repeated_all_the_same(said: Said, wire: Wire) -> None:
    wire.said = [said, said]
    claims = Claims(FakeObjectStore(), FOLDER)
    assert claims.once("a", lambda: ComprehendLanguage().dominant("Hello")) == ENGLISH
    assert wire.sent == 3


def test_what_is_refused_to_the_end_is_asked_for_by_the_next_try(wire: Wire) -> None:
    wire.said = [(503, "ServiceUnavailable")] * 4
    claims = Claims(FakeObjectStore(), FOLDER)
    with pytest.raises(TransientError, match="It said so"):
        claims.once("a", lambda: ComprehendLanguage().dominant("Hello"))
    assert claims.once("a", lambda: ComprehendLanguage().dominant("Hello")) == ENGLISH


@pytest.mark.parametrize(
    ("status", "code", "undone"),
    [
        (400, "ThrottlingException", True),
        (429, "TooManyRequestsException", True),
        (500, "ThrottlingException", True),  # as Rekognition words it
        (500, "ProvisionedThroughputExceededException", True),
        (403, "AccessDeniedException", True),
        (424, "ModelError", True),
        (500, "InternalServerError", False),
        (530, "InternalDependencyException", False),
        (200, "", False),
    ],
)
def test_who_refuses_says_so(status: int, code: str, undone: bool) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert is_refusal(answer, None) is undone
