"""Distributed Maps in a redriven execution: child executions that did not succeed go on."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any

import pytest

from tests.unit.workflows.stage import EPOCH, FunctionError, Stage, act, now
from tests.unit.workflows.test_distribution import PUT, Bucket, distributed
from windfall_local.api import Principal, ServiceError
from windfall_local.workflows import SqliteJournal, StepFunctionsService


class Scene:
    """A distributed Map whose function fails for some items, until it is mended."""

    def __init__(self, *broken: Any, journal: SqliteJournal | None = None) -> None:
        self.broken = set(broken)
        self.asked: Counter[Any] = Counter()
        self.bucket = Bucket()
        self.bucket.cloud.functions["echo"] = self._echo
        self.stage = Stage(self.bucket.cloud, journal)

    def _echo(self, payload: Any) -> Any:
        self.asked[payload] += 1
        if payload in self.broken:
            raise FunctionError("Broken", "not yet")
        return payload

    async def run(self, definition: Any, items: list[Any]) -> str:
        execution = await self.stage.begin(await self.stage.create(definition), items, "e")
        await self.stage.end(execution)
        return execution

    async def redrive(self, execution: str) -> dict[str, Any]:
        await self.stage.call("RedriveExecution", executionArn=execution)
        return await self.stage.end(execution)

    async def map_runs(self, execution: str) -> list[dict[str, Any]]:
        found = await self.stage.call("ListMapRuns", executionArn=execution)
        return [
            await self.stage.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
            for run in found["mapRuns"]
        ]

    async def children(self, run: dict[str, Any], **filters: Any) -> list[dict[str, Any]]:
        found = await self.stage.call("ListExecutions", mapRunArn=run["mapRunArn"], **filters)
        children: list[dict[str, Any]] = found["executions"]
        return children


def test_only_child_executions_that_did_not_succeed_go_on() -> None:
    async def scene() -> None:
        at = Scene(2)
        execution = await at.run(distributed(MaxConcurrency=1), [1, 2, 3])
        assert at.asked == {1: 1, 2: 1}
        (failed,) = await at.map_runs(execution)
        assert (failed["status"], failed["redriveCount"]) == ("FAILED", 0)
        at.broken = set()
        ended = await at.redrive(execution)
        assert json.loads(ended["output"]) == [1, 2, 3]
        assert at.asked == {1: 1, 2: 2, 3: 1}

        (run,) = await at.map_runs(execution)
        assert run["mapRunArn"] == failed["mapRunArn"]
        assert (run["status"], run["redriveCount"]) == ("SUCCEEDED", 1)
        assert run["executionCounts"]["succeeded"] == run["itemCounts"]["total"] == 3
        assert run["executionCounts"]["pendingRedrive"] == 0
        assert run["executionCounts"]["failuresNotRedrivable"] == 0
        (child,) = await at.children(run, redriveFilter="REDRIVEN")
        assert (child["status"], child["redriveCount"]) == ("SUCCEEDED", 1)
        assert len(await at.children(run, redriveFilter="NOT_REDRIVEN")) == 2

        events = await at.stage.events(execution)
        kinds = [event["type"] for event in events]
        assert kinds[kinds.index("ExecutionRedriven") :] == [
            "ExecutionRedriven", "MapRunRedriven", "MapRunSucceeded", "MapStateSucceeded",
            "MapStateExited", "ExecutionSucceeded",
        ]  # fmt: skip
        (redriven,) = (event for event in events if event["type"] == "MapRunRedriven")
        assert redriven["mapRunRedrivenEventDetails"] == {
            "mapRunArn": run["mapRunArn"], "redriveCount": 1,
        }  # fmt: skip

    act(scene)


def test_a_child_execution_is_redriven_by_its_map_run_only() -> None:
    async def scene() -> None:
        at = Scene(1)
        execution = await at.run(distributed(), [1])
        (run,) = await at.map_runs(execution)
        (child,) = await at.children(run)
        found = await at.stage.call("DescribeExecution", executionArn=child["executionArn"])
        assert found["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
        with pytest.raises(ServiceError, match="ExecutionNotRedrivable"):
            await at.stage.call("RedriveExecution", executionArn=child["executionArn"])
        machine = execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]
        with pytest.raises(ServiceError, match="ValidationException"):
            await at.stage.call("ListExecutions", stateMachineArn=machine, redriveFilter="REDRIVEN")

    act(scene)


def test_express_children_are_started_anew() -> None:
    async def scene() -> None:
        at = Scene(1)
        execution = await at.run(distributed("EXPRESS"), [1, 2])
        at.broken = set()
        assert (await at.redrive(execution))["status"] == "SUCCEEDED"
        (run,) = await at.map_runs(execution)
        children = await at.children(run)
        assert sum(child["status"] == "FAILED" for child in children) == 1
        assert not any(child["redriveCount"] for child in children)

    act(scene)


def test_result_files_are_written_again() -> None:
    writer = {"Resource": PUT, "Arguments": {"Bucket": "b", "Prefix": "out"}}

    async def scene() -> None:
        at = Scene(2)
        execution = await at.run(distributed(ResultWriter=writer), [1, 2])
        at.broken = set()
        ended = await at.redrive(execution)
        key = json.loads(ended["output"])["ResultWriterDetails"]["Key"]
        folder = key.rpartition("/")[0]
        results = at.bucket.json(f"{folder}/SUCCEEDED_0.json")
        assert [(one["Output"], one["RedriveCount"]) for one in results] == [("1", 0), ("2", 1)]

    act(scene)


def test_a_run_that_could_not_read_its_items_is_begun_as_a_new_one() -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": "b", "Key": "items"},
        "ReaderConfig": {"InputType": "JSON"},
    }

    async def scene() -> None:
        at = Scene()
        execution = await at.run(distributed(ItemReader=reader), [])
        at.bucket.objects["items"] = b"[1, 2]"
        assert (await at.redrive(execution))["output"] == "[1,2]"
        new, old = await at.map_runs(execution)
        assert (old["status"], new["status"]) == ("FAILED", "SUCCEEDED")
        assert new["redriveCount"] == 0

    act(scene)


def test_the_role_needs_the_permission_to_redrive_child_executions() -> None:
    asked: list[str] = []

    async def authorize(
        _: str, operation: str, parameters: dict[str, Any], caller: Principal
    ) -> None:
        if operation == "RedriveExecution":
            asked.append(parameters["executionArn"])
            raise ServiceError("AccessDeniedException", "no", status=400)

    async def scene() -> None:
        at = Scene(1)
        at.stage.service = StepFunctionsService(at.bucket.cloud, now=now, authorize=authorize)
        execution = await at.run(distributed(), [1, 2])
        at.broken = set()
        ended = await at.redrive(execution)
        assert ended["error"] == "StepFunctions.AccessDeniedException"
        assert [arn.rpartition(":")[0] for arn in asked] == [
            "arn:aws:states:us-east-1:000000000000:execution:machine/L"
        ]

    act(scene)


async def test_a_redriven_map_survives_the_end_of_the_process(tmp_path: Path) -> None:
    """The process ends after the redrive of one child, before that of the other."""
    path, clock = tmp_path / "journal.sqlite", iter(range(10**6))

    def opened(*broken: Any) -> Scene:
        at = Scene(*broken)
        journal = SqliteJournal(path)
        at.stage = Stage(at.bucket.cloud, journal, clock=lambda: EPOCH + next(clock) / 1000)
        return at

    at = opened(1, 2)
    await at.stage.service.start()
    execution = await at.run(distributed(MaxConcurrency=1, ToleratedFailureCount=1), [1, 2, 3])
    assert at.asked == {1: 1, 2: 1}
    await at.stage.service.stop()

    at = opened(2)
    await at.stage.service.start()
    assert (await at.redrive(execution))["status"] == "SUCCEEDED"
    assert at.asked == {1: 1, 2: 1, 3: 1}
    (run,) = await at.map_runs(execution)
    assert (run["redriveCount"], run["executionCounts"]["failed"]) == (1, 1)
    await at.stage.service.stop()


async def test_a_child_is_redriven_once_even_if_the_map_has_not_heard_of_its_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    at = Scene(1, 2)
    blocked = asyncio.Event()

    async def echo(payload: Any) -> Any:
        if payload == 2 and at.asked[2]:
            await blocked.wait()
        return at._echo(payload)

    at.bucket.cloud.functions["echo"] = echo
    at.stage = Stage(at.bucket.cloud, SqliteJournal(path), clock=time)
    await at.stage.service.start()
    execution = await at.run(distributed(ToleratedFailureCount=1), [1, 2])
    await at.stage.call("RedriveExecution", executionArn=execution)
    while at.asked[1] < 2:
        await asyncio.sleep(0.005)
    (run,) = await at.map_runs(execution)
    while not any(
        child["redriveCount"] and child["status"] == "FAILED" for child in await at.children(run)
    ):
        await asyncio.sleep(0.005)
    for running in at.stage.service._engine._runs.values():
        running.suspending = True
    await at.stage.service.stop()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM records WHERE key LIKE '%:child@1'")

    blocked.set()
    at.broken = set()
    at.stage = Stage(at.bucket.cloud, SqliteJournal(path), clock=time)
    await at.stage.service.start()
    assert (await at.stage.end(execution))["status"] == "SUCCEEDED"
    assert at.asked == {1: 2, 2: 2}
    await at.stage.service.stop()
