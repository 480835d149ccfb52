"""Tasks: what they call, as whom, what comes back, and how they fail, are retried and caught."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.workflows.stage import (
    ROLE,
    Played,
    Stage,
    StageCloud,
    act,
    failing,
    machine,
    play,
)
from windfall_local.api import ServiceError

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


def invoke(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": FUNCTION, "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}",
        "End": True,
        **fields,
    }


def with_function(function: Callable[[Any], Any]) -> StageCloud:
    return StageCloud({"f": function})


def play_task(state: dict[str, Any], cloud: StageCloud, value: Any = None) -> Played:
    after = {"Caught": {"Type": "Pass", "End": True}} if "Catch" in state else {}
    return play(machine({"T": state, **after}), value, cloud)


def test_lambda_is_invoked_as_the_machines_role() -> None:
    played = play_task(invoke(), with_function(lambda payload: {"got": payload}), {"a": 1})
    assert played.output == {"got": {"a": 1}}
    ((service, operation, parameters, principal),) = played.cloud.calls
    assert (service, operation) == ("lambda", "Invoke")
    assert parameters == {"FunctionName": FUNCTION, "Payload": b'{"a":1}'}
    assert principal.role_arn == ROLE
    assert principal.arn == "arn:aws:sts::000000000000:assumed-role/machines/played"
    assert played.kinds[2:5] == ["TaskScheduled", "TaskStarted", "TaskSucceeded"]
    (scheduled,) = played.details("TaskScheduled")
    assert scheduled["resourceType"] == "lambda"
    assert scheduled["resource"] == "invoke"
    assert json.loads(scheduled["parameters"]) == {"FunctionName": FUNCTION, "Payload": {"a": 1}}


def test_lambda_result_is_the_whole_answer() -> None:
    state = invoke(Output="{% $states.result %}")
    output = play_task(state, with_function(lambda _: [1])).output
    assert output["Payload"] == [1]
    assert output["StatusCode"] == 200
    assert output["ExecutedVersion"] == "$LATEST"
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200


def test_a_functions_own_arn_takes_the_input_and_gives_the_payload() -> None:
    state = {"Type": "Task", "Resource": FUNCTION, "End": True}
    played = play_task(state, with_function(lambda payload: payload["a"] + 1), {"a": 1})
    assert played.output == 2
    assert played.kinds[2:5] == [
        "LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded",
    ]  # fmt: skip


def test_credentials_name_another_role() -> None:
    other = "arn:aws:iam::000000000000:role/other"
    played = play_task(invoke(Credentials={"RoleArn": other}), with_function(lambda _: 1))
    assert played.cloud.calls[0][3].role_arn == other


def test_a_functions_error_type_is_the_errors_name() -> None:
    played = play_task(invoke(), with_function(failing("ThrottledError", "slow down")))
    assert played.error == "ThrottledError"
    assert json.loads(played.cause)["errorMessage"] == "slow down"
    assert played.kinds[-2:] == ["TaskFailed", "ExecutionFailed"]


def test_a_missing_function_is_lambdas_error() -> None:
    played = play_task(invoke(), StageCloud())
    assert played.error == "Lambda.ResourceNotFoundException"
    assert played.cause.startswith("Function not found: f (Service: Lambda; Status Code: 404;")


def test_a_function_that_says_no_type_is_unknown() -> None:
    class Mute(StageCloud):
        async def call(self, *_: Any) -> dict[str, Any]:
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": b"null"}

    played = play(machine({"T": invoke()}), None, Mute())
    assert played.error == "Lambda.Unknown"


class _FailsFirst:
    def __init__(self, times: int, error: str = "Busy") -> None:
        self.left = times
        self.error = error
        self.calls: list[float] = []

    def __call__(self, payload: Any) -> Any:
        self.calls.append(asyncio.get_running_loop().time())
        if self.left:
            self.left -= 1
            failing(self.error)(payload)
        return "done"

    @property
    def gaps(self) -> list[float]:
        return [round(b - a, 3) for a, b in zip(self.calls, self.calls[1:], strict=False)]


@pytest.mark.parametrize(
    ("retry", "gaps"),
    [
        ({}, [1, 2, 4]),
        ({"IntervalSeconds": 3, "BackoffRate": 1}, [3, 3, 3]),
        ({"IntervalSeconds": 2, "BackoffRate": 10, "MaxDelaySeconds": 30}, [2, 20, 30]),
    ],
)
def test_retries_back_off(retry: dict[str, Any], gaps: list[float]) -> None:
    function = _FailsFirst(3)
    state = invoke(Retry=[{"ErrorEquals": ["Busy"], **retry}])
    assert play_task(state, with_function(function)).output == "done"
    assert function.gaps == gaps


def test_jitter_waits_at_most_the_interval() -> None:
    function = _FailsFirst(5)
    retry = {
        "ErrorEquals": ["Busy"], "JitterStrategy": "FULL", "IntervalSeconds": 10,
        "BackoffRate": 1, "MaxAttempts": 9,
    }  # fmt: skip
    assert play_task(invoke(Retry=[retry]), with_function(function)).output == "done"
    assert all(0 <= gap <= 10 for gap in function.gaps)
    assert len(set(function.gaps)) > 1


@pytest.mark.parametrize(
    ("names", "error", "calls"),
    [
        (["Busy"], "Busy", 4),
        (["Other"], "Busy", 1),
        (["States.ALL"], "Busy", 4),
        (["States.TaskFailed"], "Busy", 4),
        (["States.Timeout"], "Busy", 1),
    ],
)
def test_retry_takes_the_errors_it_names(names: list[str], error: str, calls: int) -> None:
    function = _FailsFirst(100, error)
    played = play_task(invoke(Retry=[{"ErrorEquals": names}]), with_function(function))
    assert played.error == error
    assert len(function.calls) == calls


def test_every_retrier_counts_for_itself() -> None:
    errors = iter(["A", "B", "A", "B", "A"])
    calls: list[Any] = []

    def function(payload: Any) -> Any:
        calls.append(payload)
        failing(next(errors))(payload)

    retry = [
        {"ErrorEquals": ["A"], "MaxAttempts": 2},
        {"ErrorEquals": ["B"], "MaxAttempts": 2},
    ]
    assert play_task(invoke(Retry=retry), with_function(function)).error == "A"
    assert len(calls) == 5


def test_arguments_see_the_retry_count() -> None:
    seen: list[Any] = []

    def function(payload: Any) -> Any:
        seen.append(payload)
        if payload != 2:
            failing("E")(payload)
        return payload

    arguments = {
        "FunctionName": FUNCTION,
        "Payload": "{% ($n := $states.context.State.RetryCount; $exists($n) ? $n : 0) %}",
    }
    state = invoke(Arguments=arguments, Retry=[{"ErrorEquals": ["E"]}])
    assert play_task(state, with_function(function)).output == 2
    assert seen == [0, 1, 2]


def test_catch_leads_on_with_the_error_output() -> None:
    catch = [
        {"ErrorEquals": ["Other"], "Next": "Caught"},
        {
            "ErrorEquals": ["States.ALL"],
            "Next": "Caught",
            "Output": {"error": "{% $states.errorOutput.Error %}", "in": "{% $states.input %}"},
            "Assign": {"cause": "{% $parse($states.errorOutput.Cause).errorMessage %}"},
        },
    ]
    definition = machine(
        {
            "T": invoke(Catch=catch),
            "Caught": {
                "Type": "Pass",
                "Output": "{% $merge([$states.input, {'cause': $cause}]) %}",
                "End": True,
            },
        }
    )
    played = play(definition, 5, with_function(failing("Bad", "since")))
    assert played.output == {"error": "Bad", "in": 5, "cause": "since"}


def test_catch_without_output_hands_on_the_error() -> None:
    state = invoke(Catch=[{"ErrorEquals": ["Bad"], "Next": "Caught"}])
    output = play_task(state, with_function(failing("Bad"))).output
    assert output["Error"] == "Bad"
    assert "errorMessage" in output["Cause"]


def test_a_wrong_expression_can_be_caught() -> None:
    state = invoke(
        Output="{% $states.result.nothing %}",
        Catch=[{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}],
    )
    played = play_task(state, with_function(lambda _: 1))
    assert played.output["Error"] == "States.QueryEvaluationError"
    (failed,) = played.details("EvaluationFailed")
    assert failed["location"] == "Output"
    assert failed["cause"] == (
        "An error occurred while executing the state 'T' (entered at the event id #2). The JSONata "
        "expression '$states.result.nothing' specified for the field 'Output' returned nothing "
        "(undefined)."
    )


async def _never(_: Any) -> Any:
    await asyncio.sleep(10_000)


@pytest.mark.parametrize("timeout", [20, "{% $states.input.limit %}"])
def test_a_task_times_out(timeout: Any) -> None:
    played = play_task(invoke(TimeoutSeconds=timeout), with_function(_never), {"limit": 20})
    assert (played.status, played.error) == ("FAILED", "States.Timeout")
    assert played.seconds == pytest.approx(20, abs=0.5)
    assert "TaskTimedOut" in played.kinds
    assert played.details("TaskScheduled")[0]["timeoutInSeconds"] == 20


def test_results_above_256_kib_fail_and_no_wildcard_catches_them() -> None:
    state = invoke(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}])
    played = play_task(state, with_function(lambda _: "x" * 300_000))
    assert played.error == "States.DataLimitExceeded"


def test_map_retries_whole() -> None:
    function = _FailsFirst(1)
    definition = machine(
        {
            "M": {
                "Type": "Map",
                "Items": [1, 2],
                "MaxConcurrency": 1,
                "ItemProcessor": {"StartAt": "T", "States": {"T": invoke()}},
                "Retry": [{"ErrorEquals": ["Busy"]}],
                "End": True,
            }
        }
    )
    assert play(definition, None, with_function(function)).output == ["done", "done"]
    assert len(function.calls) == 3


# Other services


def sdk(resource: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    return machine(
        {
            "T": {
                "Type": "Task",
                "Resource": f"arn:aws:states:::{resource}",
                "Arguments": arguments,
                "End": True,
                **fields,
            }
        }
    )


def test_sdk_integrations_speak_pascal_case_both_ways() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    cloud = StageCloud(
        services={
            "stepfunctions.DescribeStateMachine": lambda parameters: {
                "stateMachineArn": parameters["stateMachineArn"],
                "creationDate": moment,
                "tracingConfiguration": {"enabled": False},
            }
        }
    )
    definition = sdk("aws-sdk:sfn:describeStateMachine", {"StateMachineArn": "arn"})

    async def scene() -> Any:
        stage = Stage(cloud)
        cloud.workflows = None
        execution = await stage.begin(await stage.create(definition))
        return await stage.end(execution)

    output = json.loads(act(scene)["output"])
    assert output == {
        "StateMachineArn": "arn",
        "CreationDate": "2026-01-02T00:00:00.000Z",
        "TracingConfiguration": {"Enabled": False},
    }


def test_map_keys_keep_their_names() -> None:
    cloud = StageCloud(services={"dynamodb.GetItem": lambda _: {"Item": {"pk": {"S": "k"}}}})
    definition = sdk(
        "dynamodb:getItem",
        {"TableName": "t", "Key": {"pk": {"S": "k"}}},
        Output="{% $states.result.Item %}",
    )
    assert play(definition, None, cloud).output == {"pk": {"S": "k"}}
    assert cloud.calls[0][2] == {"TableName": "t", "Key": {"pk": {"S": "k"}}}


@pytest.mark.parametrize(
    ("resource", "error", "expected"),
    [
        ("aws-sdk:s3:getObject", "NoSuchKey", "S3.NoSuchKeyException"),
        ("aws-sdk:s3:getObject", "SlowDown", "S3.S3Exception"),
    ],
)
def test_sdk_errors_are_named_as_the_sdk_for_java_does(
    resource: str, error: str, expected: str
) -> None:
    def fail(_: Any) -> Any:
        raise ServiceError(error, "no", status=404)

    cloud = StageCloud(services={"s3.GetObject": fail})
    played = play(sdk(resource, {"Bucket": "b", "Key": "k"}), None, cloud)
    assert played.error == expected
    assert played.cause.startswith("no (Service: S3, Status Code: 404, Request ID: ")


def test_put_events_writes_details_as_json_and_names_its_source() -> None:
    cloud = StageCloud(
        services={"events.PutEvents": lambda _: {"FailedEntryCount": 0, "Entries": []}}
    )
    entry = {"Detail": {"a": "{% $states.input %}"}, "DetailType": "T", "Source": "s"}
    played = play(sdk("events:putEvents", {"Entries": [entry]}), 1, cloud)
    sent = cloud.calls[0][2]["Entries"][0]
    assert sent["Detail"] == '{"a":1}'
    assert sent["Resources"][0] == played.description["executionArn"]


def test_put_events_with_failed_entries_fails() -> None:
    cloud = StageCloud(
        services={"events.PutEvents": lambda _: {"FailedEntryCount": 1, "Entries": []}}
    )
    entry = {"Detail": "{}", "DetailType": "T", "Source": "s"}
    assert (
        play(sdk("events:putEvents", {"Entries": [entry]}), 1, cloud).error
        == "EventBridge.FailedEntry"
    )


def test_a_member_that_an_expression_invented_is_refused() -> None:
    played = play(sdk("sqs:sendMessage", "{% {'QueueUrl': 'q', 'Body': 'x'} %}"))
    assert played.error == "States.Runtime"
    assert "'Body' is not supported" in played.cause


def test_a_bug_in_a_service_fails_the_task(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Any) -> Any:
        raise KeyError("oops")

    cloud = StageCloud(services={"sqs.SendMessage": broken})
    played = play(sdk("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "m"}), None, cloud)
    assert played.error == "States.TaskFailed"
    assert "oops" in caplog.text


# Task tokens

_CALLBACK = sdk(
    "sqs:sendMessage.waitForTaskToken",
    {"QueueUrl": "q", "MessageBody": {"token": "{% $states.context.Task.Token %}"}},
    TimeoutSeconds=600,
    HeartbeatSeconds=60,
)


def _token(cloud: StageCloud) -> str:
    body = json.loads(cloud.calls[-1][2]["MessageBody"])
    return str(body["token"])


def _call_back(reply: Callable[[Stage, str], Any]) -> Played:
    cloud = StageCloud(services={"sqs.SendMessage": lambda _: {"MessageId": "1"}})

    async def scene() -> Played:
        stage = Stage(cloud)
        execution = await stage.begin(await stage.create(_CALLBACK))
        await stage.until_kind(execution, "TaskSubmitted")
        await reply(stage, _token(cloud))
        description = await stage.end(execution)
        seconds = (description["stopDate"] - description["startDate"]).total_seconds()
        return Played(description, await stage.events(execution), cloud, seconds)

    return act(scene)


def test_a_token_brings_the_result_back() -> None:
    async def reply(stage: Stage, token: str) -> None:
        await stage.call("SendTaskSuccess", taskToken=token, output='{"r": 1}')
        with pytest.raises(ServiceError, match="TaskTimedOut"):
            await stage.call("SendTaskSuccess", taskToken=token, output="2")

    played = _call_back(reply)
    assert played.output == {"r": 1}
    assert played.kinds[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]


def test_a_token_brings_a_failure_back() -> None:
    async def reply(stage: Stage, token: str) -> None:
        await stage.call("SendTaskFailure", taskToken=token, error="E", cause="C")

    played = _call_back(reply)
    assert (played.error, played.cause) == ("E", "C")


def test_silence_is_a_time_out() -> None:
    async def reply(_: Stage, __: str) -> None:
        return None

    played = _call_back(reply)
    assert played.error == "States.Timeout"
    assert played.seconds == pytest.approx(60, abs=0.5)


def test_heartbeats_keep_a_task_alive_until_its_time_out() -> None:
    async def reply(stage: Stage, token: str) -> None:
        for _ in range(11):
            await asyncio.sleep(50)
            await stage.call("SendTaskHeartbeat", taskToken=token)

    played = _call_back(reply)
    assert played.error == "States.Timeout"
    assert played.seconds == pytest.approx(600, abs=1)


@pytest.mark.parametrize(("token", "code"), [("nonsense", "InvalidToken"), ("", "InvalidToken")])
def test_texts_that_are_no_tokens_are_refused(token: str, code: str) -> None:
    async def scene() -> None:
        with pytest.raises(ServiceError, match=code):
            await Stage().call("SendTaskSuccess", taskToken=token, output="1")

    act(scene)


# Nested executions


def _nested(pattern: str, child: dict[str, Any], value: Any = None) -> Played:
    async def scene() -> Played:
        stage = Stage()
        child_arn = await stage.create(child, "child")
        parent = sdk(
            f"states:startExecution{pattern}",
            {"StateMachineArn": child_arn, "Input": {"n": "{% $states.input %}"}, "Name": "c"},
        )
        execution = await stage.begin(await stage.create(parent, "parent"), value)
        description = await stage.end(execution)
        return Played(description, await stage.events(execution), stage.cloud, 0)

    return act(scene)


_CHILD = machine({"A": {"Type": "Pass", "Output": "{% $states.input.n + 1 %}", "End": True}})


def test_sync_2_gives_the_childs_output_as_json() -> None:
    played = _nested(".sync:2", _CHILD, 4)
    assert played.output["Output"] == 5
    assert played.output["Status"] == "SUCCEEDED"
    assert played.output["Input"] == {"n": 4}
    assert "TaskSubmitted" in played.kinds


def test_sync_gives_the_childs_output_as_text() -> None:
    assert _nested(".sync", _CHILD, 4).output["Output"] == "5"


def test_request_response_does_not_wait() -> None:
    slow = machine({"A": {"Type": "Wait", "Seconds": 500, "End": True}})
    output = _nested("", slow).output
    assert output["ExecutionArn"].endswith(":execution:child:c")


def test_a_failed_child_fails_the_task() -> None:
    played = _nested(".sync:2", machine({"A": {"Type": "Fail", "Error": "E", "Cause": "C"}}))
    assert played.error == "States.TaskFailed"
    assert json.loads(played.cause)["Error"] == "E"


def test_stopping_the_parent_stops_the_child() -> None:
    async def scene() -> str:
        stage = Stage()
        slow = machine({"A": {"Type": "Wait", "Seconds": 500, "End": True}})
        child_arn = await stage.create(slow, "child")
        parent = sdk("states:startExecution.sync:2", {"StateMachineArn": child_arn})
        execution = await stage.begin(await stage.create(parent, "parent"))
        await stage.until_kind(execution, "TaskSubmitted")
        (child,) = (await stage.call("ListExecutions", stateMachineArn=child_arn))["executions"]
        await stage.call("StopExecution", executionArn=execution)
        description = await stage.end(child["executionArn"])
        return str(description["status"])

    assert act(scene) == "ABORTED"
