"""Redrives outlive the process: before them, in the middle of them, and after them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from time import time
from typing import Any

import pytest

from tests.unit.workflows.stage import FunctionError, Stage, StageCloud, machine
from windfall_local.workflows import SqliteJournal

_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function"


def _task(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"{_FUNCTION}:{name}", **fields}


_EACH = {"StartAt": "I", "States": {"I": _task("each", Next="J"), "J": _task("more", End=True)}}
_MACHINE = machine(
    {
        "First": _task("first", Assign={"drawn": "{% $uuid() %}"}, Next="Each"),
        "Each": {"Type": "Map", "Items": [0, 1, 2], "ItemProcessor": _EACH, "Next": "Last"},
        "Last": _task("last", Arguments="{% $drawn %}", End=True),
    }
)


class _World:
    """Functions that outlive the service; some fail, some never answer, until they are let."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.broken = {"more:1"}
        self.stuck: set[str] = set()
        self.served: Counter[str] = Counter()
        names = ("first", "each", "more", "last")
        self.cloud = StageCloud({name: self._function(name) for name in names})

    def _function(self, name: str) -> Any:
        async def serve(payload: Any) -> Any:
            call = f"{name}:{json.dumps(payload)}"
            while name in self.stuck:
                await asyncio.sleep(0.005)
            if call in self.broken:
                raise FunctionError("Broken", "not yet")
            self.served[name if name == "last" else call] += 1
            return payload

        return serve

    async def opened(self) -> Stage:
        stage = Stage(self.cloud, SqliteJournal(self._path), clock=time)
        await stage.service.start()
        return stage

    async def failed(self) -> tuple[Stage, str]:
        """The service, and an execution of the machine that has failed."""
        stage = await self.opened()
        execution = await stage.begin(await stage.create(_MACHINE), None, "e")
        assert (await stage.end(execution))["status"] == "FAILED"
        return stage, execution


async def _killed(stage: Stage) -> None:
    for run in stage.service._engine._runs.values():
        run.suspending = True
    await stage.service.stop()


@pytest.fixture
def world(tmp_path: Path) -> _World:
    return _World(tmp_path / "journal.sqlite")


async def test_an_execution_that_failed_before_a_restart_goes_on_after_it(world: _World) -> None:
    stage, execution = await world.failed()
    before = await stage.events(execution)
    await _killed(stage)
    stage = await world.opened()
    found = await stage.call("DescribeExecution", executionArn=execution)
    assert found["redriveStatus"] == "REDRIVABLE"
    world.broken = set()
    await stage.call("RedriveExecution", executionArn=execution)
    assert (await stage.end(execution))["status"] == "SUCCEEDED"
    assert set(world.served.values()) == {1}
    assert (await stage.events(execution))[: len(before)] == before
    await _killed(stage)


async def test_a_redrive_goes_on_after_a_kill(world: _World) -> None:
    stage, execution = await world.failed()
    world.broken, world.stuck = set(), {"last"}
    await stage.call("RedriveExecution", executionArn=execution)
    while (await stage.events(execution))[-1]["type"] != "LambdaFunctionStarted" or not (
        world.served["more:1"]
    ):
        await asyncio.sleep(0.005)
    middle = [event["type"] for event in await stage.events(execution)]
    await _killed(stage)

    world.stuck = set()
    stage = await world.opened()
    ended = await stage.end(execution)
    assert (ended["status"], ended["redriveCount"]) == ("SUCCEEDED", 1)
    assert set(world.served.values()) == {1}
    after = [event["type"] for event in await stage.events(execution)]
    assert Counter(after[: len(middle)]) == Counter(middle)
    assert after.count("ExecutionRedriven") == 1
    await _killed(stage)

    stage = await world.opened()
    again = await stage.call("DescribeExecution", executionArn=execution)
    assert (again["redriveCount"], again["redriveDate"]) == (1, ended["redriveDate"])
    assert [event["type"] for event in await stage.events(execution)] == after
    await _killed(stage)


async def test_several_redrives_with_restarts_between_repeat_nothing(world: _World) -> None:
    world.broken = {"more:0", "more:1", "more:2", "last"}
    stage, execution = await world.failed()
    for mended in ("more:1", "more:0", "more:2"):
        await _killed(stage)
        stage = await world.opened()
        world.broken -= {mended}
        await stage.call("RedriveExecution", executionArn=execution)
        ended = await stage.end(execution)
    assert (ended["status"], ended["redriveCount"]) == ("SUCCEEDED", 3)
    assert set(world.served.values()) == {1}
    await _killed(stage)


async def test_what_an_older_version_has_ended_can_not_be_redriven(
    world: _World, tmp_path: Path
) -> None:
    stage, execution = await world.failed()
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    await _killed(stage)
    journal.open()
    (stored,) = journal.executions()
    assert stored.outcome is not None
    old = {key: stored.outcome[key] for key in ("status", "stopped", "output", "error", "cause")}
    journal.end(execution, old, [], is_final=True)
    await journal.close()
    stage = await world.opened()
    found = await stage.call("DescribeExecution", executionArn=execution)
    assert found["redriveStatus"] == "NOT_REDRIVABLE"
    assert "before the launch" in found["redriveStatusReason"]
    await _killed(stage)
