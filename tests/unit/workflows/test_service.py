"""The API keeps to AWS's semantics: names, idempotency, pages, errors."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.unit.workflows.stage import ROLE, Stage, act, machine
from windfall_local.api import ServiceError

_WAITS = machine({"A": {"Type": "Wait", "Seconds": 1000, "End": True}})
_PASSES = machine({"A": {"Type": "Pass", "End": True}})
_MISSING_MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:none"
_MISSING_EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:none:none"


async def _refused(stage: Stage, operation: str, code: str, **parameters: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await stage.call(operation, **parameters)
    assert caught.value.code == code
    return caught.value


def test_create_is_idempotent_for_the_same_definition() -> None:
    async def scene() -> None:
        stage = Stage()
        first = await stage.create(_PASSES)
        assert await stage.create(_PASSES) == first
        await _refused(
            stage, "CreateStateMachine", "StateMachineAlreadyExists",
            name="machine", definition=json.dumps(_WAITS), roleArn=ROLE,
        )  # fmt: skip

    act(scene)


@pytest.mark.parametrize("name", ["", "with space", "a/b", "x" * 81, "a:b", "ctrl\x01"])
def test_bad_names_are_refused(name: str) -> None:
    async def scene() -> None:
        stage = Stage()
        await _refused(
            stage, "CreateStateMachine", "InvalidName",
            name=name, definition=json.dumps(_PASSES), roleArn=ROLE,
        )  # fmt: skip
        if name:
            arn = await stage.create(_PASSES)
            await _refused(stage, "StartExecution", "InvalidName", stateMachineArn=arn, name=name)

    act(scene)


def test_invalid_definitions_are_refused_with_every_place() -> None:
    async def scene() -> None:
        wrong = machine({"A": {"Type": "Pass", "InputPath": "$", "Next": "B"}})
        error = await _refused(
            Stage(), "CreateStateMachine", "InvalidDefinition",
            name="m", definition=json.dumps(wrong), roleArn=ROLE,
        )  # fmt: skip
        assert "The field 'InputPath', of JSONPath, is not supported here at /States/A" in (
            error.message
        )
        assert "There is no state 'B' at /States/A/Next" in error.message

    act(scene)


def test_start_is_idempotent_while_it_runs_with_the_same_input() -> None:
    async def scene() -> None:
        stage = Stage()
        arn = await stage.create(_WAITS)
        first = await stage.call("StartExecution", stateMachineArn=arn, name="n", input="{}")
        assert first == await stage.call("StartExecution", stateMachineArn=arn, name="n")
        again = {"stateMachineArn": arn, "name": "n"}
        await _refused(stage, "StartExecution", "ExecutionAlreadyExists", **again, input="1")
        await stage.call("StopExecution", executionArn=first["executionArn"])
        error = await _refused(stage, "StartExecution", "ExecutionAlreadyExists", **again)
        assert error.message == f"Execution Already Exists: '{first['executionArn']}'"
        await stage.service.stop()

    act(scene)


@pytest.mark.parametrize("text", ["{", "NaN", "", '"' + "é" * 131_072 + '"'])
def test_bad_input_is_refused(text: str) -> None:
    async def scene() -> None:
        stage = Stage()
        arn = await stage.create(_PASSES)
        await _refused(
            stage, "StartExecution", "InvalidExecutionInput", stateMachineArn=arn, input=text
        )

    act(scene)


def test_what_is_not_there_is_named() -> None:
    async def scene() -> None:
        stage = Stage()
        for operation, parameter, arn, code in [
            (
                "DescribeStateMachine",
                "stateMachineArn",
                _MISSING_MACHINE,
                "StateMachineDoesNotExist",
            ),
            ("StartExecution", "stateMachineArn", _MISSING_MACHINE, "StateMachineDoesNotExist"),
            ("ListExecutions", "stateMachineArn", _MISSING_MACHINE, "StateMachineDoesNotExist"),
            ("DescribeExecution", "executionArn", _MISSING_EXECUTION, "ExecutionDoesNotExist"),
            ("GetExecutionHistory", "executionArn", _MISSING_EXECUTION, "ExecutionDoesNotExist"),
            ("StopExecution", "executionArn", _MISSING_EXECUTION, "ExecutionDoesNotExist"),
            ("DescribeExecution", "executionArn", _MISSING_MACHINE, "InvalidArn"),
            ("StartExecution", "stateMachineArn", "nonsense", "InvalidArn"),
            ("ListTagsForResource", "resourceArn", _MISSING_MACHINE, "ResourceNotFound"),
        ]:
            await _refused(stage, operation, code, **{parameter: arn})

    act(scene)


@pytest.mark.parametrize("operation", ["StartSyncExecution", "CreateActivity", "TestState"])
def test_what_is_not_done_is_refused_by_name(operation: str) -> None:
    async def scene() -> None:
        error = await _refused(Stage(), operation, "NotImplementedException")
        assert operation in error.message

    act(scene)


def test_express_machines_and_versions_are_refused() -> None:
    async def scene() -> None:
        fields = {"name": "m", "definition": json.dumps(_PASSES), "roleArn": ROLE}
        for wrong in ({"type": "EXPRESS"}, {"publish": True}):
            await _refused(
                Stage(), "CreateStateMachine", "NotImplementedException", **fields, **wrong
            )

    act(scene)


def test_update_leaves_running_executions_as_they_are() -> None:
    async def scene() -> None:
        stage = Stage()
        arn = await stage.create(_WAITS)
        execution = await stage.begin(arn)
        await stage.call("UpdateStateMachine", stateMachineArn=arn, definition=json.dumps(_PASSES))
        described = await stage.call("DescribeStateMachine", stateMachineArn=arn)
        assert json.loads(described["definition"]) == _PASSES
        kept = await stage.call("DescribeStateMachineForExecution", executionArn=execution)
        assert json.loads(kept["definition"]) == _WAITS
        await _refused(stage, "UpdateStateMachine", "MissingRequiredParameter", stateMachineArn=arn)
        assert (await stage.end(await stage.begin(arn)))["status"] == "SUCCEEDED"
        await stage.service.stop()

    act(scene)


def test_delete_forgets_the_machine_but_not_its_executions() -> None:
    async def scene() -> None:
        stage = Stage()
        arn = await stage.create(machine({"A": {"Type": "Wait", "Seconds": 5, "End": True}}))
        execution = await stage.begin(arn)
        await stage.call("DeleteStateMachine", stateMachineArn=arn)
        await stage.call("DeleteStateMachine", stateMachineArn=arn)
        assert (await stage.end(execution))["status"] == "SUCCEEDED"
        assert (await stage.call("ListStateMachines"))["stateMachines"] == []

    act(scene)


def test_stop_aborts_with_the_given_error() -> None:
    async def scene() -> None:
        stage = Stage()
        execution = await stage.begin(await stage.create(_WAITS))
        await stage.until_kind(execution, "WaitStateEntered")
        await stage.call("StopExecution", executionArn=execution, error="E", cause="C")
        description = await stage.end(execution)
        assert (description["status"], description["error"]) == ("ABORTED", "E")
        kinds = [event["type"] for event in await stage.events(execution)]
        assert kinds[-2:] == ["WaitStateAborted", "ExecutionAborted"]
        again = await stage.call("StopExecution", executionArn=execution)
        assert again["stopDate"] == description["stopDate"]

    act(scene)


def test_stop_right_after_start_aborts_too() -> None:
    async def scene() -> None:
        stage = Stage()
        execution = await stage.begin(await stage.create(_PASSES))
        await stage.call("StopExecution", executionArn=execution)
        assert (await stage.end(execution))["status"] in ("ABORTED", "SUCCEEDED")

    act(scene)


def test_listings_are_paged_and_filtered() -> None:
    async def scene() -> None:
        stage = Stage()
        arn = await stage.create(_PASSES)
        names = [f"e{index}" for index in range(7)]
        for name in names:
            await stage.end(await stage.begin(arn, name=name))
        found: list[str] = []
        page = await stage.call("ListExecutions", stateMachineArn=arn, maxResults=3)
        while True:
            found += [item["name"] for item in page["executions"]]
            if "nextToken" not in page:
                break
            token = page["nextToken"]
            page = await stage.call(
                "ListExecutions", stateMachineArn=arn, maxResults=3, nextToken=token
            )
        assert found == names[::-1]
        running = await stage.call("ListExecutions", stateMachineArn=arn, statusFilter="RUNNING")
        assert running["executions"] == []
        await _refused(stage, "ListStateMachines", "InvalidToken", nextToken=token)
        await _refused(
            stage, "ListExecutions", "InvalidToken", stateMachineArn=arn, nextToken="nonsense"
        )

    act(scene)


def test_history_can_be_reversed_and_without_data() -> None:
    async def scene() -> None:
        stage = Stage()
        execution = await stage.begin(await stage.create(_PASSES), {"secret": 1})
        await stage.end(execution)
        first = await stage.call(
            "GetExecutionHistory", executionArn=execution, reverseOrder=True, maxResults=3
        )
        assert [event["id"] for event in first["events"]] == [4, 3, 2]
        rest = await stage.call(
            "GetExecutionHistory",
            executionArn=execution,
            reverseOrder=True,
            maxResults=3,
            nextToken=first["nextToken"],
        )
        assert [event["id"] for event in rest["events"]] == [1]
        bare = await stage.call(
            "GetExecutionHistory", executionArn=execution, includeExecutionData=False
        )
        assert "secret" not in str(bare)

    act(scene)


def test_metadata_only_leaves_data_out() -> None:
    async def scene() -> None:
        stage = Stage()
        execution = await stage.begin(await stage.create(_PASSES), {"secret": 1})
        await stage.end(execution)
        bare = await stage.call(
            "DescribeExecution", executionArn=execution, includedData="METADATA_ONLY"
        )
        assert bare["inputDetails"] == {"included": False}
        assert "secret" not in str(bare)

    act(scene)


def test_tags_come_and_go() -> None:
    async def scene() -> None:
        stage = Stage()
        arn = await stage.create(_PASSES)
        await stage.call(
            "TagResource",
            resourceArn=arn,
            tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
        )
        await stage.call("UntagResource", resourceArn=arn, tagKeys=["a"])
        answer = await stage.call("ListTagsForResource", resourceArn=arn)
        assert answer["tags"] == [{"key": "b", "value": "2"}]

    act(scene)


def test_validation_answers_with_diagnostics() -> None:
    async def scene() -> None:
        stage = Stage()
        fine = await stage.call("ValidateStateMachineDefinition", definition=json.dumps(_PASSES))
        assert fine == {"result": "OK", "diagnostics": [], "truncated": False}
        wrong = await stage.call("ValidateStateMachineDefinition", definition="{}")
        assert wrong["result"] == "FAIL"
        assert wrong["diagnostics"][0] == {
            "severity": "ERROR",
            "code": "SCHEMA_VALIDATION_FAILED",
            "message": "These fields are required: [States, StartAt]",
            "location": "/",
        }

    act(scene)


def test_only_the_newest_ended_executions_are_kept() -> None:
    async def scene() -> None:
        stage = Stage(max_ended=100)
        arn = await stage.create(_PASSES)
        waiting = await stage.create(_WAITS, "waits")
        running = await stage.begin(waiting)
        executions = [await stage.begin(arn, index) for index in range(150)]
        for execution in executions[-50:]:
            await stage.end(execution)
        page = await stage.call("ListExecutions", stateMachineArn=arn, maxResults=1000)
        assert len(page["executions"]) == 100
        await _refused(
            stage, "DescribeExecution", "ExecutionDoesNotExist", executionArn=executions[0]
        )
        # Older ones are kept packed, and are still whole.
        events = await stage.events(executions[51])
        assert [event["type"] for event in events][-1] == "ExecutionSucceeded"
        assert (await stage.call("DescribeExecution", executionArn=running))["status"] == "RUNNING"
        await stage.service.stop()

    act(scene)


def test_a_thousand_waiting_executions_end_in_time() -> None:
    async def scene() -> None:
        stage = Stage()
        arn = await stage.create(machine({"A": {"Type": "Wait", "Seconds": 60, "End": True}}))
        executions = [await stage.begin(arn, index) for index in range(1000)]
        await asyncio.sleep(59)
        described = await stage.call("DescribeExecution", executionArn=executions[-1])
        assert described["status"] == "RUNNING"
        await asyncio.sleep(2)
        for execution in executions:
            described = await stage.call("DescribeExecution", executionArn=execution)
            assert described["status"] == "SUCCEEDED"

    act(scene)
