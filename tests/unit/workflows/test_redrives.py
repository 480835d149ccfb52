"""A redriven execution goes on where it stood, and repeats nothing that succeeded."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.workflows.stage import EPOCH, FunctionError, Stage, StageCloud, act, machine, now
from tests.unit.workflows.test_properties import machines
from windfall_local.api import ServiceError

_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function"


def task(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"{_FUNCTION}:{name}", **fields}


class World:
    """Functions that fail until they are mended, and note whom they served.

    Attributes:
        broken: Names of functions that fail.
        asked: Every call's payload, by function.
        served: Those that were answered.
    """

    def __init__(self, *names: str, broken: str = "") -> None:
        self.broken = set(broken.split())
        self.asked: dict[str, list[Any]] = {name: [] for name in names}
        self.served: dict[str, list[Any]] = {name: [] for name in names}
        self.cloud = StageCloud({name: self._function(name) for name in names})
        self.stage = Stage(self.cloud)

    def _function(self, name: str) -> Callable[[Any], Any]:
        def serve(payload: Any) -> Any:
            self.asked[name].append(payload)
            if name in self.broken or f"{name}:{json.dumps(payload)}" in self.broken:
                raise FunctionError("Broken", "not yet")
            self.served[name].append(payload)
            return payload

        return serve

    async def run(self, definition: dict[str, Any], value: Any = None) -> str:
        """The ARN of an execution that has ended."""
        execution = await self.stage.begin(await self.stage.create(definition), value, "e")
        await self.stage.end(execution)
        return execution

    async def redrive(self, execution: str) -> dict[str, Any]:
        """Its description after a redrive, with all mended."""
        self.broken = set()
        await self.stage.call("RedriveExecution", executionArn=execution)
        return await self.stage.end(execution)

    async def kinds(self, execution: str) -> list[str]:
        return [event["type"] for event in await self.stage.events(execution)]

    async def output(self, execution: str) -> Any:
        return json.loads((await self.redrive(execution))["output"])


CHAIN = machine(
    {
        "First": task(
            "first",
            Arguments={"id": "{% $uuid() %}"},
            Assign={"drawn": "{% $states.result.id %}"},
            Next="Second",
        ),
        "Second": task(
            "second",
            Arguments="{% $drawn %}",
            Retry=[{"ErrorEquals": ["Broken"], "MaxAttempts": 2, "JitterStrategy": "NONE"}],
            Next="Last",
        ),
        "Last": {"Type": "Pass", "Output": "{% [$drawn, $states.input] %}", "End": True},
    }
)


def test_it_goes_on_from_the_failed_state_with_all_retries() -> None:
    async def scene() -> None:
        world = World("first", "second", broken="second")
        execution = await world.run(CHAIN)
        before = await world.kinds(execution)
        assert before[-1] == "ExecutionFailed"
        failed = await world.stage.call("DescribeExecution", executionArn=execution)
        assert (failed["redriveCount"], failed["redriveStatus"]) == (0, "REDRIVABLE")
        assert "redriveStatusReason" not in failed
        assert "redriveDate" not in failed

        await world.stage.call("RedriveExecution", executionArn=execution)
        again = await world.stage.end(execution)
        assert (again["status"], again["redriveCount"]) == ("FAILED", 1)
        ended = await world.redrive(execution)
        assert ended["status"] == "SUCCEEDED"
        assert ended["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"

        drawn, last = json.loads(ended["output"])
        assert drawn == last
        assert len(world.asked["first"]) == 1
        assert world.asked["second"] == [drawn] * 7
        kinds = await world.kinds(execution)
        assert kinds[: len(before)] == before
        tried = ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionFailed"]
        assert kinds[len(before) :] == [
            "ExecutionRedriven", *tried * 3, "ExecutionFailed",
            "ExecutionRedriven", "LambdaFunctionScheduled", "LambdaFunctionStarted",
            "LambdaFunctionSucceeded", "TaskStateExited", "PassStateEntered", "PassStateExited",
            "ExecutionSucceeded",
        ]  # fmt: skip

    act(scene)


def test_history_answers_and_events_tell_of_it() -> None:
    async def scene() -> None:
        world = World("first", "second", broken="second")
        execution = await world.run(CHAIN)
        await asyncio.sleep(100)
        answer = await world.stage.call("RedriveExecution", executionArn=execution)
        assert answer["redriveDate"].timestamp() == now()
        running = await world.stage.call("DescribeExecution", executionArn=execution)
        assert running["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
        assert {"error", "stopDate"}.isdisjoint(running)
        ended = await world.stage.end(execution)
        assert ended["redriveDate"] == answer["redriveDate"]
        assert ended["startDate"].timestamp() == EPOCH
        events = await world.stage.events(execution)
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        (redriven,) = (event for event in events if event["type"] == "ExecutionRedriven")
        assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}
        assert redriven["previousEventId"] == redriven["id"] - 1
        assert events[redriven["id"]]["previousEventId"] == redriven["id"]
        (listed,) = (
            await world.stage.call("ListExecutions", stateMachineArn=ended["stateMachineArn"])
        )["executions"]
        assert (listed["redriveCount"], listed["redriveDate"]) == (1, answer["redriveDate"])
        told = [event[2] for event in world.cloud.events]
        date = int(answer["redriveDate"].timestamp() * 1000)
        assert [
            (one["status"], one["redriveCount"], one["redriveDate"], one["redriveStatus"])
            for one in told
        ] == [
            ("RUNNING", 0, None, "NOT_REDRIVABLE"),
            ("FAILED", 0, None, "REDRIVABLE"),
            ("RUNNING", 1, date, "NOT_REDRIVABLE"),
            ("FAILED", 1, date, "REDRIVABLE"),
        ]

    act(scene)


def test_a_fail_state_fails_again_and_what_was_caught_stays_caught() -> None:
    states = {
        "Try": task("bad", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Give up",
                                   "Output": "{% $states.errorOutput.Error %}"}], End=True),
        "Give up": {"Type": "Fail", "Error": "{% $states.input %}"},
    }  # fmt: skip

    async def scene() -> None:
        world = World("bad", broken="bad")
        execution = await world.run(machine(states))
        ended = await world.redrive(execution)
        assert (ended["status"], ended["error"]) == ("FAILED", "Broken")
        assert len(world.asked["bad"]) == 1
        assert (await world.kinds(execution))[-3:] == [
            "ExecutionRedriven", "FailStateEntered", "ExecutionFailed",
        ]  # fmt: skip

    act(scene)


def test_of_a_parallel_only_branches_that_did_not_succeed_go_on() -> None:
    branches = [
        {"StartAt": "A", "States": {"A": task("good", End=True)}},
        {"StartAt": "B", "States": {"B": {"Type": "Wait", "Seconds": 10, "Next": "C"},
                                    "C": task("bad", End=True)}},
        {"StartAt": "D", "States": {"D": task("good", Next="E"),
                                    "E": {"Type": "Wait", "Seconds": 50, "Next": "F"},
                                    "F": task("good", End=True)}},
    ]  # fmt: skip
    definition = machine({"P": {"Type": "Parallel", "Branches": branches, "End": True}})

    async def scene() -> None:
        world = World("good", "bad", broken="bad")
        execution = await world.run(definition, 7)
        assert world.asked == {"good": [7, 7], "bad": [7]}
        began = now()
        assert await world.output(execution) == [7, 7, 7]
        assert now() - began >= 50, "a wait that was cut off waits anew"
        assert world.asked == {"good": [7, 7, 7], "bad": [7, 7]}
        kinds = Counter(await world.kinds(execution))
        assert kinds["ParallelStateStarted"] == kinds["ParallelStateEntered"] == 1
        assert kinds["ParallelStateFailed"] == kinds["ParallelStateSucceeded"] == 1

    act(scene)


@pytest.mark.parametrize("limit", [1, 2, 0])
def test_of_a_map_only_iterations_that_did_not_succeed_go_on(limit: int) -> None:
    inner = {"StartAt": "I", "States": {"I": task("each", End=True)}}
    states = {
        "M": {"Type": "Map", "Items": [0, 1, 2, 3], "ItemProcessor": inner,
              "MaxConcurrency": limit, "End": True},
    }  # fmt: skip

    async def scene() -> None:
        world = World("each", broken="each:1")
        execution = await world.run(machine(states))
        assert await world.output(execution) == [0, 1, 2, 3]
        assert sorted(world.served["each"]) == [0, 1, 2, 3]
        kinds = Counter(await world.kinds(execution))
        assert kinds["MapIterationStarted"] == kinds["MapIterationSucceeded"] == 4
        assert kinds["MapStateStarted"] == 1

    act(scene)


def test_a_parallel_whose_data_was_too_large_is_done_again_as_a_whole() -> None:
    branch = {"StartAt": "A", "States": {"A": task("good", End=True)}}
    large = {"StartAt": "B", "States": {"B": task("large", End=True)}}
    definition = machine({"P": {"Type": "Parallel", "Branches": [branch, large], "End": True}})

    async def scene() -> None:
        world = World("good")
        sizes = iter([300_000, 3])
        world.cloud.functions["large"] = lambda _: "x" * next(sizes)
        execution = await world.run(definition)
        assert (await world.redrive(execution))["status"] == "SUCCEEDED"
        assert len(world.asked["good"]) == 2

    act(scene)


def test_a_stopped_execution_goes_on_with_a_new_token() -> None:
    states = {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": f"{_FUNCTION}:ask",
                "Payload": "{% $states.context.Task.Token %}",
            },
            "End": True,
        }
    }

    async def scene() -> None:
        world = World("ask")
        machine_arn = await world.stage.create(machine(states))
        execution = await world.stage.begin(machine_arn)
        await world.stage.until_kind(execution, "TaskSubmitted")
        await world.stage.call("StopExecution", executionArn=execution)
        await world.stage.call("RedriveExecution", executionArn=execution)
        while len(world.asked["ask"]) < 2:
            await asyncio.sleep(1)
        old, new = world.asked["ask"]
        with pytest.raises(ServiceError, match="TaskTimedOut"):
            await world.stage.call("SendTaskSuccess", taskToken=old, output="1")
        await world.stage.call("SendTaskSuccess", taskToken=new, output="2")
        assert (await world.stage.end(execution))["output"] == "2"

    act(scene)


def test_an_execution_that_was_stopped_before_it_began_begins() -> None:
    async def scene() -> None:
        world = World("first", "second")
        machine_arn = await world.stage.create(CHAIN)
        execution = await world.stage.begin(machine_arn)
        await world.stage.call("StopExecution", executionArn=execution)
        ended = await world.redrive(execution)
        assert ended["status"] == "SUCCEEDED"
        assert (len(world.served["first"]), len(world.served["second"])) == (1, 1)

    act(scene)


def test_the_time_out_and_the_context_count_from_the_redrive() -> None:
    states = {
        "Ask": task("seen", Arguments="{% $states.context.Execution.RedriveCount %}", Next="W"),
        "W": {"Type": "Wait", "Seconds": "{% $states.context.Execution.RedriveCount ? 5 : 60 %}",
              "Next": "Context"},
        "Context": {"Type": "Pass", "Output": "{% $states.context.Execution %}", "End": True},
    }  # fmt: skip

    async def scene() -> None:
        world = World("seen")
        execution = await world.run(machine(states, TimeoutSeconds=10))
        assert (await world.kinds(execution))[-1] == "ExecutionTimedOut"
        context = await world.output(execution)
        assert world.served["seen"] == [0]
        assert context["RedriveCount"] == 1
        assert context["RedriveTime"] > context["StartTime"]

    act(scene)


def test_a_nested_execution_is_started_again() -> None:
    async def scene() -> None:
        world = World("bad", broken="bad")
        child = await world.stage.create(machine({"C": task("bad", End=True)}), "child")
        nested = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": child, "Input": {"a": 1}},
            "Output": "{% $states.result.Output %}",
            "End": True,
        }
        execution = await world.run(machine({"N": nested}))
        assert await world.output(execution) == {"a": 1}
        children = await world.stage.call("ListExecutions", stateMachineArn=child)
        assert [one["status"] for one in children["executions"]] == ["SUCCEEDED", "FAILED"]

    act(scene)


def two_branches(first: dict[str, Any], second: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A Parallel of two lines of states."""
    branches = [{"StartAt": next(iter(line)), "States": line} for line in (first, second)]
    return {"Type": "Parallel", "Branches": branches, **fields}


def test_a_parallel_is_tried_again_as_a_whole_after_a_redrive_too() -> None:
    retry = [{"ErrorEquals": ["Broken"], "MaxAttempts": 1}]
    parallel = two_branches(
        {"A": task("good", End=True)}, {"B": task("flaky", End=True)}, Retry=retry, End=True
    )

    async def scene() -> None:
        world = World("good", "flaky", broken="flaky")
        execution = await world.run(machine({"P": parallel}))
        assert (len(world.asked["good"]), len(world.asked["flaky"])) == (2, 2)
        begun = len(await world.kinds(execution))
        failures = iter([True, False])

        def flaky(_: Any) -> Any:
            if next(failures):
                raise FunctionError("Broken", "once more")

        world.cloud.functions["flaky"] = flaky
        assert (await world.redrive(execution))["status"] == "SUCCEEDED"
        assert len(world.asked["good"]) == 3
        kinds = Counter((await world.kinds(execution))[begun:])
        assert kinds["ParallelStateStarted"] == 1
        assert kinds["LambdaFunctionSucceeded"] == 2

    act(scene)


def test_attempts_that_were_given_up_are_not_taken_up() -> None:
    retry = [{"ErrorEquals": ["Broken"], "MaxAttempts": 1}]
    parallel = two_branches(
        {"A": task("flaky", End=True)}, {"B": task("good", End=True)}, Retry=retry, Next="C"
    )

    async def scene() -> None:
        world = World("good", "bad", broken="bad")
        calls = 0

        def flaky(_: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise FunctionError("Broken", "once")

        world.cloud.functions["flaky"] = flaky
        execution = await world.run(machine({"P": parallel, "C": task("bad", End=True)}))
        assert (await world.redrive(execution))["status"] == "SUCCEEDED"
        assert calls == len(world.asked["good"]) == 2

    act(scene)


def test_what_a_redrive_did_not_come_to_waits_for_the_next() -> None:
    passes = {f"P{index}": {"Type": "Pass", "Next": f"P{index + 1}"} for index in range(120)}
    parallel = two_branches(
        {**passes, "P120": task("good", End=True)}, {"B": task("bad", End=True)}, End=True
    )

    async def scene() -> None:
        world = World("first", "good", "bad")
        world.cloud.functions["first"] = lambda _: world.asked["first"].append(1)

        async def wait(_: Any) -> None:
            while not world.served["good"]:
                await asyncio.sleep(1)
            raise FunctionError("Broken", "always")

        world.cloud.functions["bad"] = wait
        definition = machine({"First": task("first", Next="P"), "P": parallel})
        execution = await world.run(definition)
        for turns in range(4):  # stopped before it has begun, and while it repeats
            await world.stage.call("RedriveExecution", executionArn=execution)
            for _ in range(turns):
                await asyncio.sleep(0)
            await world.stage.call("StopExecution", executionArn=execution)
        world.cloud.functions["bad"] = lambda _: None
        assert (await world.redrive(execution))["status"] == "SUCCEEDED"
        assert (len(world.asked["first"]), len(world.asked["good"])) == (1, 1)
        assert Counter(await world.kinds(execution))["PassStateExited"] == 120

    act(scene)


def test_what_can_not_be_redriven_is_told() -> None:
    async def scene() -> None:
        world = World("first", "second", broken="second")
        execution = await world.run(CHAIN)
        machine_arn = execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]

        async def refused(reason: str) -> None:
            with pytest.raises(ServiceError, match=reason) as caught:
                await world.stage.call("RedriveExecution", executionArn=execution)
            assert caught.value.code == "ExecutionNotRedrivable"
            found = await world.stage.call("DescribeExecution", executionArn=execution)
            assert found["redriveStatus"] == "NOT_REDRIVABLE"
            assert reason in found["redriveStatusReason"]

        await asyncio.sleep(timedelta(days=14).total_seconds() + 1)
        await refused("redrivable period exceeded")
        await world.stage.call("DeleteStateMachine", stateMachineArn=machine_arn)
        await refused("DELETING")
        with pytest.raises(ServiceError, match="ExecutionDoesNotExist"):
            await world.stage.call("RedriveExecution", executionArn=f"{execution}x")

    act(scene)


def test_the_same_client_token_redrives_once() -> None:
    async def scene() -> None:
        world = World("first", "second", broken="second")
        execution = await world.run(CHAIN)
        dates = []
        for _ in range(2):
            answer = await world.stage.call(
                "RedriveExecution", executionArn=execution, clientToken="t"
            )
            dates.append(answer["redriveDate"])
            found = await world.stage.end(execution)
        assert dates[0] == dates[1]
        assert found["redriveCount"] == 1

    act(scene)


@settings(max_examples=80)
@given(machines(), st.lists(st.booleans(), max_size=12))
def test_whatever_the_machine_nothing_that_succeeded_is_done_again(
    definition: dict[str, Any], failures: list[bool]
) -> None:
    """Some calls fail; every call that did not is in the history, once, whatever is redriven."""
    served = 0
    fails = iter(failures)

    def good(payload: Any) -> Any:
        nonlocal served
        if next(fails, False):
            raise FunctionError("Broken", "not yet")
        served += 1
        return payload

    def bad(_: Any) -> Any:
        raise FunctionError("Bad", "always")

    async def scene() -> None:
        stage = Stage(StageCloud({"good": good, "bad": bad}))
        execution = await stage.begin(await stage.create(definition), 1)
        for count in range(6):
            found = await stage.end(execution)
            assert found["redriveCount"] == count
            if found["status"] == "SUCCEEDED":
                break
            await stage.call("RedriveExecution", executionArn=execution)
        await stage.end(execution)
        events = await stage.events(execution)
        kinds = Counter(event["type"] for event in events)
        assert kinds["LambdaFunctionSucceeded"] == served
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        assert all(event["previousEventId"] < event["id"] for event in events)
        exited = Counter(
            json.dumps(event["stateExitedEventDetails"]["name"])
            for event in events
            if event["type"] == "PassStateExited" and not _is_repeated(definition)
        )
        assert all(count == 1 for count in exited.values())

    act(scene)


def _is_repeated(definition: dict[str, Any]) -> bool:
    return '"Map"' in json.dumps(definition) or "Retry" in json.dumps(definition)
