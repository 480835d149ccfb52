"""Executions survive the end of the process, and repeat nothing that they have done."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from time import time
from typing import Any

import pytest

from tests.unit.workflows.stage import Stage, StageCloud, failing, machine
from windfall_local.api import ServiceError
from windfall_local.workflows import SqliteJournal

_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function"


def _task(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"{_FUNCTION}:{name}", **fields}


class _World:
    """Functions that outlive the service: they count their calls, and some never answer."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.blocked = True
        self.cloud = StageCloud({"step": self._step, "block": self._block, "bad": self._bad})

    def _step(self, payload: Any) -> Any:
        self.calls["step"] += 1
        return payload

    def _bad(self, payload: Any) -> Any:
        self.calls["bad"] += 1
        return failing("Bad")(payload)

    async def _block(self, payload: Any) -> Any:
        self.calls["block"] += 1
        while self.blocked:
            await asyncio.sleep(0.005)
        return payload


def _open(world: _World, path: Path) -> Stage:
    return Stage(world.cloud, SqliteJournal(path), clock=time)


async def _killed(stage: Stage) -> None:
    """End a service as a killed process does: what was written down is all that is left."""
    for run in stage.service._engine._runs.values():
        run.suspending = True
    await stage.service.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "workflows" / "journal.sqlite"


async def test_calls_wait_until_everything_is_back(path: Path) -> None:
    stage = _open(_World(), path)
    creating = asyncio.ensure_future(stage.create(machine({"A": {"Type": "Succeed"}})))
    await asyncio.sleep(0)
    assert not creating.done()
    await stage.service.start()
    assert await creating
    await stage.service.stop()
    with pytest.raises(ServiceError, match="ServiceUnavailable"):
        await stage.call("ListStateMachines")


async def test_machines_and_ended_executions_are_back(path: Path) -> None:
    world = _World()
    stage = _open(world, path)
    await stage.service.start()
    arn = await stage.create(machine({"A": {"Type": "Pass", "Output": "done", "End": True}}))
    execution = await stage.begin(arn, {"a": 1}, "one")
    before = await stage.end(execution), await stage.events(execution)
    await stage.service.stop()

    stage = _open(world, path)
    await stage.service.start()
    assert (await stage.end(execution), await stage.events(execution)) == before
    page = await stage.call("ListExecutions", stateMachineArn=arn)
    assert [item["name"] for item in page["executions"]] == ["one"]
    with pytest.raises(ServiceError, match="ExecutionAlreadyExists"):
        await stage.begin(arn, {"a": 1}, "one")
    await stage.call("DeleteStateMachine", stateMachineArn=arn)
    await stage.service.stop()

    stage = _open(world, path)
    await stage.service.start()
    assert (await stage.call("ListStateMachines"))["stateMachines"] == []
    assert (await stage.end(execution))["status"] == "SUCCEEDED"
    await stage.service.stop()


_LONG = machine(
    {
        "Draw": {
            "Type": "Pass",
            "Assign": {"id": "{% $uuid() %}", "at": "{% $now() %}"},
            "Output": {"id": "{% $uuid() %}"},
            "Next": "First",
        },
        "First": _task("step", Next="Bad"),
        "Bad": _task(
            "bad",
            Retry=[{"ErrorEquals": ["Bad"], "MaxAttempts": 1}],
            Catch=[{"ErrorEquals": ["Bad"], "Next": "Each", "Output": "{% $states.input %}"}],
            Next="Each",
        ),
        "Each": {
            "Type": "Map",
            "Items": [1, 2, 3],
            "ItemProcessor": {"StartAt": "Inner", "States": {"Inner": _task("step", End=True)}},
            "Output": "{% $states.input %}",
            "Next": "Note",
        },
        "Note": _task("step", Arguments={"id": "{% $id %}", "at": "{% $at %}"}, Next="Stuck",
                      Assign={"noted": "{% $states.result %}"}),
        "Stuck": _task("block", Next="Last"),
        "Last": {
            "Type": "Pass",
            "Output": {"same": "{% $noted.id = $id and $noted.at = $at %}"},
            "End": True,
        },
    }
)  # fmt: skip


async def test_what_was_done_is_not_done_again(path: Path) -> None:
    world = _World()
    stage = _open(world, path)
    await stage.service.start()
    execution = await stage.begin(await stage.create(_LONG), None, "long")
    while not world.calls["block"]:
        await asyncio.sleep(0.005)
    before = await stage.events(execution)
    await _killed(stage)
    assert world.calls == {"step": 5, "bad": 2, "block": 1}

    world.blocked = False
    stage = _open(world, path)
    await stage.service.start()
    description = await stage.end(execution)
    assert json.loads(description["output"]) == {"same": True}
    assert world.calls == {"step": 5, "bad": 2, "block": 2}
    after = await stage.events(execution)
    assert [event["type"] for event in after][: len(before)] == [event["type"] for event in before]
    statuses = [event[2]["status"] for event in world.cloud.events]
    assert statuses == ["RUNNING", "SUCCEEDED"]
    await stage.service.stop()


async def test_a_wait_goes_on_from_when_it_began(path: Path) -> None:
    world = _World()
    moments = [1_790_000_000.0]
    stage = Stage(world.cloud, SqliteJournal(path), clock=lambda: moments[0])
    await stage.service.start()
    states = {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}
    execution = await stage.begin(await stage.create(machine(states)))
    await stage.until_kind(execution, "WaitStateEntered")
    await _killed(stage)

    moments[0] += 3600
    stage = Stage(world.cloud, SqliteJournal(path), clock=lambda: moments[0])
    await stage.service.start()
    assert (await stage.end(execution))["status"] == "SUCCEEDED"
    await stage.service.stop()


_CALLBACK = machine(
    {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": f"{_FUNCTION}:step",
                "Payload": {"token": "{% $states.context.Task.Token %}"},
            },
            "End": True,
        }
    }
)


@pytest.mark.parametrize("is_early", [True, False])
async def test_a_token_is_still_good_after_a_restart(path: Path, is_early: bool) -> None:
    world = _World()
    stage = _open(world, path)
    await stage.service.start()
    execution = await stage.begin(await stage.create(_CALLBACK))
    await stage.until_kind(execution, "TaskSubmitted")
    token = json.loads(world.cloud.calls[-1][2]["Payload"])["token"]
    await _killed(stage)

    stage = _open(world, path)
    await stage.service.start()
    if not is_early:
        await stage.until_kind(execution, "TaskSubmitted")
    await stage.call("SendTaskSuccess", taskToken=token, output='"back"')
    assert (await stage.end(execution))["output"] == '"back"'
    assert world.calls["step"] == 1
    await stage.service.stop()


async def test_a_nested_execution_is_not_started_again(path: Path) -> None:
    world = _World()
    stage = _open(world, path)
    await stage.service.start()
    child = await stage.create(machine({"B": _task("block", End=True)}), "child")
    parent = machine(
        {
            "P": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Arguments": {"StateMachineArn": child, "Input": 5},
                "Output": "{% $states.result.Output %}",
                "End": True,
            }
        }
    )
    execution = await stage.begin(await stage.create(parent, "parent"))
    while not world.calls["block"]:
        await asyncio.sleep(0.005)
    await stage.until_kind(execution, "TaskSubmitted")
    await _killed(stage)

    world.blocked = False
    stage = _open(world, path)
    await stage.service.start()
    assert (await stage.end(execution))["output"] == "5"
    page = await stage.call("ListExecutions", stateMachineArn=child)
    assert len(page["executions"]) == 1
    await stage.service.stop()


async def test_an_execution_keeps_the_machine_it_began_with(path: Path) -> None:
    world = _World()
    stage = _open(world, path)
    await stage.service.start()
    arn = await stage.create(
        machine(
            {"B": _task("block", Next="E"), "E": {"Type": "Pass", "Output": "old", "End": True}}
        )
    )
    execution = await stage.begin(arn, 1)
    new = json.dumps(machine({"E": {"Type": "Pass", "Output": "new", "End": True}}))
    await stage.call("UpdateStateMachine", stateMachineArn=arn, definition=new)
    await _killed(stage)

    world.blocked = False
    stage = _open(world, path)
    await stage.service.start()
    assert (await stage.end(execution))["output"] == '"old"'
    assert (await stage.end(await stage.begin(arn)))["output"] == '"new"'
    await stage.service.stop()


async def test_what_the_bound_forgets_is_gone_from_the_file(path: Path) -> None:
    world = _World()
    stage = Stage(world.cloud, SqliteJournal(path), clock=time, max_ended=3)
    await stage.service.start()
    arn = await stage.create(machine({"A": _task("step", End=True)}))
    for index in range(5):
        await stage.end(await stage.begin(arn, index))
    await stage.service.stop()

    journal = SqliteJournal(path)
    journal.open()
    stored = journal.executions()
    assert [item.document["input"] for item in stored] == ["2", "3", "4"]
    assert not any(item.records for item in stored)
    await journal.close()


async def test_a_full_disk_is_said_and_nothing_is_forgotten_until_there_is_room(path: Path) -> None:
    world, journal = _World(), SqliteJournal(path)
    stage = Stage(world.cloud, journal, clock=time)
    await stage.service.start()
    arn = await stage.create(machine({"A": {"Type": "Pass", "End": True}}))
    given = {"a": "x" * 100_000}
    _make_room(journal, pages=1)
    for _ in range(2):
        with pytest.raises(ServiceError, match="disk of the local cloud is full"):
            await stage.begin(arn, given, "one")

    _make_room(journal, pages=1_000_000)
    execution = await stage.begin(arn, given, "two")
    await stage.end(execution)
    await _killed(stage)

    stage = _open(world, path)
    await stage.service.start()
    page = await stage.call("ListExecutions", stateMachineArn=arn)
    assert {item["name"]: item["status"] for item in page["executions"]} == {
        "one": "SUCCEEDED",
        "two": "SUCCEEDED",
    }
    await stage.service.stop()


def _make_room(journal: SqliteJournal, pages: int) -> None:
    """A disk on which the file may have so many pages more than it has, or none."""
    assert journal._connection is not None
    (used,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count = {used + pages}")
