"""X-Ray as any client sees it: segments in, traces out, and what the cloud itself tells of."""

from __future__ import annotations

import io
import json
import secrets
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import ClientFactory

Document = dict[str, Any]
WRITES = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
FUNCTION = """
import json, os, socket
import boto3

def handler(event, context):
    header = os.environ["_X_AMZN_TRACE_ID"]
    fields = dict(part.split("=", 1) for part in header.split(";"))
    document = {"id": "aaaaaaaaaaaaaaaa", "trace_id": fields["Root"], "name": "work",
                "parent_id": fields["Parent"], "type": "subsegment",
                "start_time": 1.0, "end_time": 2.0}
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        body = b'{"format":"json","version":1}\\n' + json.dumps(document).encode()
        out.sendto(body, (host, int(port)))
    if event.get("fails"):
        raise ValueError("it fails")
    return header
"""


def a_trace(began: float | None = None) -> str:
    return f"1-{int(time.time() if began is None else began):08x}-{secrets.token_hex(12)}"


def segment(trace: str, name: str = "service", **more: Any) -> Document:
    return {
        "id": secrets.token_hex(8),
        "trace_id": trace,
        "name": name,
        "start_time": 10.0,
        "end_time": 12.5,
        **more,
    }


def put(xray: Any, *documents: Document) -> list[dict[str, Any]]:
    answer = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(one) for one in documents])
    refused: list[dict[str, Any]] = answer["UnprocessedTraceSegments"]
    return refused


def segments(xray: Any, trace: str) -> list[Document]:
    (found,) = xray.batch_get_traces(TraceIds=[trace])["Traces"]
    return [json.loads(one["Document"]) for one in found["Segments"]]


def parts(document: Document) -> list[Document]:
    below = [part for one in document.get("subsegments", []) for part in parts(one)]
    return [document, *below]


def named(xray: Any, trace: str) -> dict[str, Document]:
    return {part["name"]: part for one in segments(xray, trace) for part in parts(one)}


def test_subsegments_that_come_by_themselves_lie_in_what_they_are_part_of(
    client: ClientFactory,
) -> None:
    xray, trace = client("xray"), a_trace()
    whole = segment(trace)
    inner = segment(trace, "inner", type="subsegment", parent_id=whole["id"])
    innermost = segment(trace, "innermost", type="subsegment", parent_id=inner["id"])
    assert put(xray, innermost, inner, whole) == []
    (found,) = segments(xray, trace)
    assert [part["name"] for part in parts(found)] == ["service", "inner", "innermost"]


def test_a_segment_that_has_ended_takes_the_place_of_the_one_in_progress(
    client: ClientFactory,
) -> None:
    xray, trace = client("xray"), a_trace()
    ended = segment(trace)
    begun = {**ended, "in_progress": True}
    del begun["end_time"]
    put(xray, begun)
    assert segments(xray, trace)[0]["in_progress"] is True
    put(xray, ended)
    assert segments(xray, trace) == [ended]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "short"},
        {"trace_id": "1-2-3"},
        {"name": ""},
        {"start_time": "now"},
        {"end_time": None},
        {"type": "subsegment"},
        {"metadata": "m" * 70_000},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_document_that_is_no_segment_is_refused_by_itself(
    client: ClientFactory, change: Document
) -> None:
    xray, trace = client("xray"), a_trace()
    good = segment(trace)
    (refused,) = put(xray, segment(trace) | change, good)
    assert refused["ErrorCode"] == "InvalidSegment"
    assert segments(xray, trace) == [good]


def test_a_trace_is_full_at_half_a_megabyte_and_says_so(client: ClientFactory) -> None:
    xray, trace = client("xray"), a_trace()
    for _ in range(10):
        put(xray, segment(trace, metadata="m" * 60_000))
    (found,) = xray.batch_get_traces(TraceIds=[trace])["Traces"]
    assert found["LimitExceeded"] is True
    assert len(found["Segments"]) == 8


def test_a_trace_that_nobody_knows_is_left_out(client: ClientFactory) -> None:
    answer = client("xray").batch_get_traces(TraceIds=[a_trace()])
    assert (answer["Traces"], answer["UnprocessedTraceIds"]) == ([], [])


@pytest.mark.parametrize(
    ("expression", "is_found"),
    [
        ('annotation.file_id = "{mark}"', True),
        ('annotation[file_id] = "{mark}" AND fault', True),
        ('annotation.file_id = "{mark}" AND service("service")', True),
        ('annotation.file_id = "{mark}" AND ok', False),
        ('annotation.file_id = "another"', False),
        ('service("nobody") AND fault', False),
    ],
)
def test_traces_are_found_by_what_they_are_annotated_with(
    client: ClientFactory, expression: str, *, is_found: bool
) -> None:
    xray, trace, mark = client("xray"), a_trace(), secrets.token_hex(4)
    put(xray, segment(trace, annotations={"file_id": mark}, fault=True))
    now = datetime.now(UTC)
    answer = xray.get_trace_summaries(
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        FilterExpression=expression.replace("{mark}", mark),
    )
    assert [one["Id"] for one in answer["TraceSummaries"]] == ([trace] if is_found else [])
    for summary in answer["TraceSummaries"]:
        assert summary["HasFault"] is True
        value = summary["Annotations"]["file_id"][0]["AnnotationValue"]["StringValue"]
        assert value == mark


def test_an_expression_that_is_not_understood_is_refused_by_name(client: ClientFactory) -> None:
    now = datetime.now(UTC)
    with pytest.raises(ClientError, match="does not understand 'duration >= 5'"):
        client("xray").get_trace_summaries(
            StartTime=now - timedelta(hours=1), EndTime=now, FilterExpression="duration >= 5"
        )


def test_who_has_no_leave_writes_no_segment(
    client: ClientFactory, role: Callable[..., Any]
) -> None:
    stranger = role({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    with pytest.raises(ClientError, match="AccessDenied"):
        put(client("xray", stranger), segment(a_trace()))


class Application:
    """A machine that calls a function, both of one role."""

    def __init__(self, client: ClientFactory, actions: list[str], definition: Document) -> None:
        self.mark = secrets.token_hex(4)
        self.states = client("stepfunctions")
        self.xray = client("xray")
        trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}
        iam = client("iam")
        made = iam.create_role(
            RoleName=f"r-{self.mark}", AssumeRolePolicyDocument=json.dumps(trust)
        )
        arn = made["Role"]["Arn"]
        may = {"Effect": "Allow", "Action": ["lambda:*", "states:*", "logs:*", *actions]}
        policy = {"Version": "2012-10-17", "Statement": [{**may, "Resource": "*"}]}
        iam.put_role_policy(
            RoleName=f"r-{self.mark}", PolicyName="p", PolicyDocument=json.dumps(policy)
        )
        self.function = client("lambda").create_function(
            FunctionName=f"f-{self.mark}",
            Runtime="python3.13",
            Handler="main.handler",
            Role=arn,
            Code={"ZipFile": _zipped(FUNCTION)},
            Timeout=30,
            TracingConfig={"Mode": "Active"},
        )["FunctionArn"]
        text = json.dumps(definition).replace("{function}", self.function)
        self.machine = self.states.create_state_machine(
            name=f"m-{self.mark}",
            definition=text,
            roleArn=arn,
            tracingConfiguration={"enabled": True},
        )["stateMachineArn"]

    def run(
        self, trace: str | None, payload: Document | None = None, *, sampled: bool = True
    ) -> Document:
        said = f"Root={trace};Sampled={int(sampled)}"
        header = {} if trace is None else {"traceHeader": said}
        arn = self.states.start_execution(
            stateMachineArn=self.machine, input=json.dumps(payload or {}), **header
        )["executionArn"]
        while True:
            found: Document = self.states.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.02)


def _zipped(source: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", source)
    return packed.getvalue()


CALLS = {
    "QueryLanguage": "JSONata",
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Call",
                    "States": {"Call": {"Type": "Task", "Resource": "{function}", "End": True}},
                },
                {"StartAt": "Idle", "States": {"Idle": {"Type": "Pass", "End": True}}},
            ],
            "End": True,
        }
    },
}


def test_an_execution_its_states_a_function_and_what_it_does_are_one_trace(
    client: ClientFactory,
) -> None:
    application, trace = Application(client, WRITES, CALLS), a_trace()
    ended = application.run(trace)
    assert ended["status"] == "SUCCEEDED"
    assert ended["traceHeader"] == f"Root={trace};Sampled=1"
    assert json.loads(ended["output"])[0].startswith(f"Root={trace};Parent=")

    found = {one["origin"]: one for one in segments(application.xray, trace)}
    machine = found["AWS::StepFunctions::StateMachine"]
    names = [part["name"] for part in parts(machine)]
    assert names == [f"m-{application.mark}", "Both", "Call", "Lambda", "Idle"]
    call = parts(machine)[3]
    service, own = found["AWS::Lambda"], found["AWS::Lambda::Function"]
    assert (service["parent_id"], own["parent_id"]) == (call["id"], service["id"])
    assert {part["name"] for part in parts(own)} == {own["name"], "work", "Initialization"}
    assert machine["aws"]["execution_arn"] == ended["executionArn"]


def test_what_fails_is_a_fault_in_each_part(client: ClientFactory) -> None:
    application, trace = Application(client, WRITES, CALLS), a_trace()
    assert application.run(trace, {"fails": True})["status"] == "FAILED"
    found = {one["origin"]: one for one in segments(application.xray, trace)}
    assert all(one["fault"] is True for one in found.values())
    call = next(
        part
        for part in parts(found["AWS::StepFunctions::StateMachine"])
        if part.get("namespace") == "aws"
    )
    assert call["cause"]["exceptions"][0]["type"] == "ValueError"


def test_a_function_whose_role_may_not_is_not_heard_and_works(client: ClientFactory) -> None:
    application, trace = Application(client, [], CALLS), a_trace()
    assert application.run(trace)["status"] == "SUCCEEDED"
    assert application.xray.batch_get_traces(TraceIds=[trace])["Traces"] == []


def test_an_execution_of_which_nobody_said_a_trace_begins_one(client: ClientFactory) -> None:
    application = Application(client, WRITES, CALLS)
    ended = application.run(None)
    trace = ended["traceHeader"].split(";")[0].removeprefix("Root=")
    assert f"m-{application.mark}" in named(application.xray, trace)


def test_what_is_not_sampled_is_not_recorded(client: ClientFactory) -> None:
    application, trace = Application(client, WRITES, CALLS), a_trace()
    ended = application.run(trace, sampled=False)
    assert ";Sampled=0" in json.loads(ended["output"])[0]
    # This function does not ask whether it is sampled; nobody else told of the trace.
    assert set(named(application.xray, trace)) == {"work"}
