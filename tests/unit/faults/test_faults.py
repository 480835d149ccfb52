"""What goes wrong, how it is worded, and what it does to who calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from botocore.session import get_session

from windfall.adapters.aws_errors import as_windfall_error
from windfall.errors import TransientError
from windfall_local.api import Principal, ServiceError
from windfall_local.faults.answers import refusal
from windfall_local.faults.faults import FILE, Faults, Met, work_of
from windfall_local.faults.rules import Kind, parse_rule
from windfall_local.wire.message import HttpResponse
from windfall_local.wire.serialize import serialize_error

APPLICATION = Principal.role("arn:aws:iam::000000000000:role/r", "f")
SERVICES = {
    "comprehend": ("DetectSentiment", "json"),
    "dynamodb": ("PutItem", "json"),
    "events": ("PutEvents", "json"),
    "lambda": ("Invoke", "rest-json"),
    "polly": ("SynthesizeSpeech", "rest-json"),
    "rekognition": ("DetectLabels", "json"),
    "s3": ("GetObject", "rest-xml"),
    "sagemaker": ("DescribeEndpoint", "json"),
    "sns": ("Publish", "query"),
    "sqs": ("SendMessage", "json"),
    "ssm": ("GetParameter", "json"),
    "stepfunctions": ("StartExecution", "json"),
    "transcribe": ("StartTranscriptionJob", "json"),
    "translate": ("TranslateText", "json"),
}


class Function:
    """An invocation that runs."""

    function = "f"

    def __init__(self, event: dict[str, Any] | None = None) -> None:
        self.event = json.dumps(event or {}).encode()
        self.killed = 0

    def kill(self) -> None:
        """Count it."""
        self.killed += 1


class Service:
    """Counts what it did."""

    def __init__(self) -> None:
        self.done = 0

    async def answer(self) -> str:
        """Do it."""
        self.done += 1
        return "done"


class Stage:
    """Faults over one service and one function."""

    def __init__(self, folder: Path, *rules: str, seed: int = 1) -> None:
        self.service, self.function = Service(), Function()
        self.file = folder / FILE
        parsed = [parse_rule(rule) for rule in rules]
        self.executions = {"e1", "e2", "e3"}
        self.faults = Faults(parsed, seed, self.file, self, late_seconds=0)

    def running(self, lineage: str) -> Function:
        """The one that there is."""
        return self.function

    def stop_execution(self, role_arn: str, name: str) -> bool:
        """Whether it ran."""
        is_running = name in self.executions
        self.executions.discard(name)
        return is_running

    async def call(
        self, operation: str = "PutObject", principal: Principal = APPLICATION, lineage: str = "t"
    ) -> str:
        """`done`, or the error's code."""
        met = Met("s3", operation, {}, principal, lineage)
        try:
            return await self.faults.meet(met, self.service.answer)
        except ServiceError as error:
            return error.code

    async def calls(self, count: int) -> list[str]:
        """Several of them."""
        return [await self.call() for _ in range(count)]


async def test_one_call_in_three_fails_the_same_ones_for_the_same_seed(tmp_path: Path) -> None:
    first = await Stage(tmp_path, "s3:*=throttle/3").calls(300)
    assert first == await Stage(tmp_path, "s3:*=throttle/3").calls(300)
    assert first != await Stage(tmp_path, "s3:*=throttle/3", seed=2).calls(300)
    assert 70 < first.count("SlowDown") < 130


async def test_the_nth_call_fails_and_no_other(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "s3:*=internal#2")
    assert await stage.calls(4) == ["done", "InternalError", "done", "done"]
    (line,) = [json.loads(line) for line in stage.file.read_text().splitlines()]
    assert (line["kind"], line["service"], line["operation"]) == ("internal", "s3", "PutObject")


async def test_the_user_s_own_calls_never_fail(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "*:*=throttle")
    assert await stage.call(principal=Principal.root()) == "done"
    assert await stage.call() == "SlowDown"


@pytest.mark.parametrize(
    ("kind", "answer", "done", "killed"),
    [
        ("unavailable", "ServiceUnavailable", 0, 0),
        ("lost", "InternalError", 1, 0),
        ("twice", "done", 2, 0),
        ("late", "done", 1, 0),
        ("crash", "InternalError", 0, 1),
        ("crash-after", "InternalError", 1, 1),
        ("conflict", "done", 1, 0),
    ],
)
async def test_what_is_done_in_spite_of_it(
    tmp_path: Path, kind: str, answer: str, done: int, killed: int
) -> None:
    stage = Stage(tmp_path, f"*:*={kind}")
    assert await stage.call() == answer
    assert (stage.service.done, stage.function.killed) == (done, killed)


async def test_a_sweep_kills_before_and_after_each_call_and_spares_who_was_killed(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, "*:*=sweep")
    deaths = []
    for work in range(6):
        for again in range(2):
            stage.function = Function({"work": work, "token": f"{work} {again}"})
            for _ in range(2):
                await stage.call(lineage=f"{work} {again}")
                if stage.function.killed:
                    break
            deaths.append(stage.function.killed)
    assert deaths == [1, 0] * 4 + [0, 0] * 2, "two calls, each before and after"
    steps = [json.loads(line) for line in stage.file.read_text().splitlines()]
    assert sorted((one["step"], one["kind"]) for one in steps) == [
        (1, "crash"), (1, "crash-after"), (2, "crash"), (2, "crash-after"),
    ]  # fmt: skip


async def test_an_execution_is_stopped_once_at_each_function_that_a_machine_invokes(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, "lambda:Invoke=stop")
    for execution, function in [("e1", "a"), ("e1", "b"), ("e2", "a"), ("e2", "b"), ("e3", "b")]:
        role = Principal.role("arn:aws:iam::000000000000:role/machine", execution)
        met = Met("lambda", "Invoke", {"FunctionName": function}, role)
        assert await stage.faults.meet(met, stage.service.answer) == "done"
    assert stage.executions == {"e3"}


async def test_an_execution_is_stopped_once_behind_each_call_that_a_machine_makes(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, "lambda:Invoke=stop", "*:*=stop-after")
    calls = [("lambda", "Invoke", {"FunctionName": "a"}), ("sagemaker", "CreateTrainingJob", {})]
    for execution in ("e1", "e2", "e3"):
        role = Principal.role("arn:aws:iam::000000000000:role/machine", execution)
        for call in calls[execution == "e3" :]:
            assert await stage.faults.meet(Met(*call, role), stage.service.answer) == "done"
    assert stage.executions == set()
    kinds = [json.loads(line)["kind"] for line in stage.file.read_text().splitlines()]
    assert kinds == ["stop", "stop-after", "stop-after"]


def test_a_further_try_is_the_same_work() -> None:
    records = [{"messageId": "b", "receiptHandle": "1"}, {"messageId": "a", "receiptHandle": "2"}]
    again = [{**one, "receiptHandle": "3"} for one in reversed(records)]
    assert work_of(json.dumps({"Records": records}).encode()) == work_of(
        json.dumps({"Records": again}).encode()
    )
    assert work_of(b'{"a": 1, "token": "x"}') != work_of(b'{"a": 2, "token": "x"}')


def cases() -> Iterator[tuple[str, Kind]]:
    for service in SERVICES:
        yield from ((service, kind) for kind in (Kind.THROTTLE, Kind.UNAVAILABLE, Kind.INTERNAL))
    yield ("dynamodb", Kind.CONFLICT)


@pytest.mark.parametrize(("service", "kind"), [*cases()], ids=str)
def test_every_fault_is_one_that_the_application_tries_again(service: str, kind: Kind) -> None:
    operation, protocol = SERVICES[service]
    error = refusal(kind, service, operation, {})
    response = serialize_error(service, protocol, error, "id")  # type: ignore[arg-type]
    assert isinstance(
        as_windfall_error(as_boto3_raises(service, operation, response)), TransientError
    )


def test_a_cancelled_transaction_has_a_reason_for_each_item() -> None:
    error = refusal(Kind.CONFLICT, "dynamodb", "TransactWriteItems", {"TransactItems": [{}, {}]})
    response = serialize_error("dynamodb", "json", error, "id")
    raised = as_boto3_raises("dynamodb", "TransactWriteItems", response)
    reasons = [one["Code"] for one in raised.response["CancellationReasons"]]
    assert reasons == ["TransactionConflict", "None"]
    assert isinstance(as_windfall_error(raised), TransientError)


def as_boto3_raises(service: str, operation: str, response: HttpResponse) -> ClientError:
    parser = create_parser(SERVICES[service][1])
    answer = {"status_code": response.status, "headers": response.headers, "body": response.body}
    model = get_session().get_service_model(service)
    parsed = parser.parse(answer, model.operation_model(operation).output_shape)
    shape = model.shape_for_error_code(parsed["Error"]["Code"])
    if shape is not None:
        parsed |= parser.parse(answer, shape)
    return ClientError(parsed, operation)
