"""What functions tell X-Ray of their calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from windfall.adapters.xray import XRayTraces
from windfall.trace_header import TraceHeader
from windfall.tracing import MOST_ALIKE, Document, Tracer

INVOCATION = (
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;"
    "Lineage=1:a87bd80c:0"
)
FILE = "1-6764d7f0-aaaaaaaaaaaaaaaaaaaaaaaa"
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
SECRET = "what the file says"


class Told:
    """Keeps what the daemon would be sent."""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    def send(self, document: Document) -> None:
        """Keep a segment; it must be JSON."""
        self.documents.append(json.loads(json.dumps(document)))

    def named(self, name: str) -> list[Document]:
        """The segments of a name."""
        return [document for document in self.documents if document["name"] == name]


class Body(bytes):
    """A body as urllib3 has it."""

    def stream(self) -> list[bytes]:
        """All of it."""
        return [self]


class Services:
    """boto3 clients whose requests go nowhere; the next answers are chosen."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.answers: list[tuple[int, dict[str, Any]] | Exception] = []
        self.headers: list[dict[str, str]] = []

    def client(self, service: str) -> Any:
        """A client."""
        client = boto3.client(
            service,
            "us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",  # pragma: allowlist secret
            config=Config(retries={"mode": "standard", "total_max_attempts": 2}),
        )
        client.meta.events.register("before-send", self._answer)
        return self.tracer.follow(client)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        self.headers.append(
            {
                name: value.decode() if isinstance(value, bytes) else value
                for name, value in request.headers.items()
            }
        )
        answer = self.answers.pop(0) if self.answers else (200, {})
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        headers = {"x-amzn-requestid": "a-request"}
        return AWSResponse(request.url, status, headers, Body(json.dumps(body).encode()))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def services(told: Told) -> Services:
    return Services(Tracer(told, clock=iter(range(1_000, 9_000)).__next__))


@pytest.fixture(autouse=True)
def invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "a-function")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", INVOCATION)


def invoke(services: Services, work: Callable[[], object], event: Any = None) -> None:
    @services.tracer.capture_lambda_handler(capture_response=False)
    def lambda_handler(_event: Any, _context: Any) -> object:
        return work()

    lambda_handler(event or {}, None)


def sentiment(services: Services) -> Callable[[], object]:
    comprehend = services.client("comprehend")
    return lambda: comprehend.detect_sentiment(Text=SECRET, LanguageCode="en")


def test_a_call_is_part_of_the_invocation_that_made_it(services: Services, told: Told) -> None:
    invoke(services, sentiment(services), {"feature": {"feature": "sentiment"}})
    call, handler = told.documents
    assert handler["parent_id"] == "53995c3f42cd8ad8"
    assert handler["annotations"] == {"feature": "sentiment"}
    assert call["parent_id"] == handler["id"]
    assert {call["trace_id"], handler["trace_id"]} == {"1-5759e988-bd862e3fe1be46a994272793"}
    assert call["namespace"] == "aws"
    assert call["name"] == "comprehend"
    assert call["aws"] == {"operation": "DetectSentiment", "request_id": "a-request"}
    assert call["http"] == {"response": {"status": 200}}
    assert handler["start_time"] < call["start_time"] < call["end_time"] < handler["end_time"]


def test_the_service_that_is_called_learns_where_in_the_trace_it_is(
    services: Services, told: Told
) -> None:
    invoke(services, sentiment(services))
    header = TraceHeader.parse(services.headers[0]["X-Amzn-Trace-Id"])
    assert header is not None
    assert header.parent == told.named("comprehend")[0]["id"]
    assert header.rest == ("Lineage=1:a87bd80c:0",)


@pytest.mark.parametrize(
    ("status", "code", "kinds"),
    [
        (400, "TextSizeLimitExceededException", {"error"}),
        (400, "ThrottlingException", {"error", "throttle"}),
        (500, "InternalServerException", {"fault"}),
    ],
)
def test_a_call_that_is_refused_tells_its_code_and_nothing_that_was_sent(
    services: Services, told: Told, status: int, code: str, kinds: set[str]
) -> None:
    services.answers = [(status, {"__type": code, "message": f"Bad: {SECRET}"})] * 2
    with pytest.raises(ClientError):
        invoke(services, sentiment(services))
    call = told.named("comprehend")[0]
    assert call["cause"]["exceptions"][0]["type"] == code
    assert {kind for kind in ("error", "throttle", "fault") if call.get(kind)} == kinds
    assert told.named("lambda_handler")[0]["fault"] is True
    assert SECRET not in json.dumps(told.documents)


def test_a_call_that_was_tried_again_is_one_call_with_its_retries(
    services: Services, told: Told
) -> None:
    services.answers = [(500, {"__type": "InternalServerException"}), (200, {})]
    invoke(services, sentiment(services))
    assert [call["aws"]["retries"] for call in told.named("comprehend")] == [1]


def test_a_call_without_an_answer_is_told_too(services: Services, told: Told) -> None:
    services.answers = [ConnectionClosedError(endpoint_url="https://comprehend")] * 2
    with pytest.raises(ConnectionClosedError):
        invoke(services, sentiment(services))
    call = told.named("comprehend")[0]
    assert call["cause"]["exceptions"][0]["type"] == "ConnectionClosedError"


def test_of_many_calls_alike_the_number_is_told(services: Services, told: Told) -> None:
    call = sentiment(services)
    invoke(services, lambda: [call() for _ in range(MOST_ALIKE + 7)])
    assert len(told.named("comprehend")) == MOST_ALIKE
    handler = told.named("lambda_handler")[0]
    assert handler["metadata"] == {"windfall": {"left_out": {"comprehend.DetectSentiment": 7}}}


@pytest.mark.parametrize("header", ["", INVOCATION.replace("Sampled=1", "Sampled=0")])
def test_what_lambda_does_not_trace_is_not_told(
    services: Services, told: Told, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
    invoke(services, sentiment(services))
    assert told.documents == []
    assert services.headers[0].get("X-Amzn-Trace-Id", "") == header  # botocore's own doing


def test_a_file_has_a_trace_of_its_own_inside_of_a_batch(services: Services, told: Told) -> None:
    traces = XRayTraces(services.tracer, 100)
    states = services.client("stepfunctions")

    def admit() -> None:
        with traces.begin("event", "1970-01-01T00:10:00.000Z") as trace_id:
            traces.annotate(file_id="f" * 40)
            states.start_execution(
                stateMachineArn=MACHINE, traceHeader=f"Root={trace_id};Sampled=1"
            )

    invoke(services, admit)
    call, admission, handler = told.documents
    header = TraceHeader.parse(services.headers[0]["X-Amzn-Trace-Id"])
    assert header is not None
    assert call["trace_id"] == admission["trace_id"] == header.root != handler["trace_id"]
    assert "parent_id" not in admission
    assert "type" not in admission
    assert call["parent_id"] == admission["id"]
    assert header.parent == call["id"]
    assert admission["annotations"] == {"file_id": "f" * 40}
    assert admission["start_time"] == 600  # when the file was dropped
    (queue,) = admission["subsegments"]
    assert (queue["name"], queue["start_time"]) == ("queue", 600)
    assert queue["end_time"] < call["start_time"]


def test_an_execution_of_another_trace_is_started_in_that_one(
    services: Services, told: Told
) -> None:
    traces = XRayTraces(services.tracer, 100)
    states = services.client("stepfunctions")

    def admit() -> None:
        with traces.begin("event", "1970-01-01T00:10:00.000Z"):
            states.start_execution(stateMachineArn=MACHINE, traceHeader=f"Root={FILE};Sampled=1")

    invoke(services, admit)
    expected = f"Root={FILE};Sampled=1;Lineage=1:a87bd80c:0"
    assert services.headers[0]["X-Amzn-Trace-Id"] == expected
    assert told.named("states")[0]["trace_id"] != FILE


def test_a_file_that_is_not_sampled_is_told_to_nobody_and_those_that_follow_know(
    services: Services, told: Told
) -> None:
    traces = XRayTraces(services.tracer, 0)
    states = services.client("stepfunctions")

    def admit() -> None:
        with traces.begin("event", "2026-11-26T12:00:00.000Z") as trace_id:
            assert trace_id is None
            states.start_execution(stateMachineArn=MACHINE)

    invoke(services, admit)
    assert [document["name"] for document in told.documents] == ["lambda_handler"]
    assert ";Sampled=0;" in services.headers[0]["X-Amzn-Trace-Id"]


def test_without_a_daemon_nothing_is_traced_and_everything_works() -> None:
    services = Services(Tracer(None))
    traces = XRayTraces(services.tracer, 100)
    with traces.begin("event", "2026-11-26T12:00:00.000Z") as trace_id:
        sentiment(services)()
    assert trace_id is None
    assert services.headers[0]["X-Amzn-Trace-Id"] == INVOCATION


def test_that_an_object_is_not_there_is_no_error(services: Services, told: Told) -> None:
    services.answers = [(404, {"__type": "ResourceNotFoundException"})]
    states = services.client("translate")
    with pytest.raises(ClientError):
        invoke(services, lambda: states.get_terminology(Name="t", TerminologyDataFormat="CSV"))
    (call,) = told.named("translate")
    assert call["http"] == {"response": {"status": 404}}
    assert "error" not in call
