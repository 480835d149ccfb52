"""A process that is killed without warning loses no execution that it has accepted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.unit.workflows.stage import Stage, StageCloud, machine
from windfall_local.workflows import SqliteJournal

_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function"
_ROOT = Path(__file__).parents[3]

_MACHINE = machine(
    {
        "Once": {
            "Type": "Task",
            "Resource": f"{_FUNCTION}:once",
            "Assign": {"drawn": "{% $states.result %}"},
            "Next": "Stuck",
        },
        "Stuck": {"Type": "Task", "Resource": f"{_FUNCTION}:stuck", "Next": "Last"},
        "Last": {"Type": "Pass", "Output": "{% $drawn %}", "End": True},
    }
)

_VICTIM = """
import asyncio, json, os, pathlib, sys, time
import pytest

from tests.unit.workflows.stage import Stage, StageCloud
from windfall_local.workflows import SqliteJournal

async def stuck(_):
    await asyncio.sleep(600)

async def main():
    cloud = StageCloud({"once": lambda _: os.getpid(), "stuck": stuck})
    stage = Stage(cloud, SqliteJournal(pathlib.Path(sys.argv[1])), clock=time.time)
    await stage.service.start()
    arn = await stage.create(json.loads(sys.argv[2]))
    executions = [await stage.begin(arn, index) for index in range(20)]
    while cloud.calls[-1][2]["FunctionName"].endswith("once") or len(cloud.calls) < 40:
        await asyncio.sleep(0.01)
    await stage.service._engine.flush()
    print(json.dumps(executions), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


_REDRIVING = """
import asyncio, json, os, pathlib, sys, time
import pytest

from tests.unit.workflows.stage import FunctionError, Stage, StageCloud
from windfall_local.workflows import SqliteJournal

redriven = asyncio.Event()

async def stuck(_):
    if redriven.is_set():
        await asyncio.sleep(600)
    raise FunctionError("Broken", "not yet")

async def main():
    cloud = StageCloud({"once": lambda _: os.getpid(), "stuck": stuck})
    stage = Stage(cloud, SqliteJournal(pathlib.Path(sys.argv[1])), clock=time.time)
    await stage.service.start()
    arn = await stage.create(json.loads(sys.argv[2]))
    executions = [await stage.begin(arn, index) for index in range(20)]
    for execution in executions:
        assert (await stage.end(execution))["status"] == "FAILED"
    redriven.set()
    for execution in executions:
        await stage.call("RedriveExecution", executionArn=execution)
    print(json.dumps(executions), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def _kill(program: str, path: Path) -> tuple[list[str], int]:
    """Run a program until it tells its executions, and kill it; these, and its process's id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), json.dumps(_MACHINE),
        stdout=asyncio.subprocess.PIPE, cwd=_ROOT, env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    executions: list[str] = json.loads(await process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    return executions, process.pid


@pytest.mark.parametrize(("program", "redrives"), [(_VICTIM, 0), (_REDRIVING, 1)])
async def test_executions_survive_a_kill(tmp_path: Path, program: str, redrives: int) -> None:
    path = tmp_path / "journal.sqlite"
    executions, pid = await _kill(program, path)
    calls: list[str] = []
    cloud = StageCloud({"once": lambda _: calls.append("once"), "stuck": lambda _: None})
    stage = Stage(cloud, SqliteJournal(path), clock=time.time)
    await stage.service.start()
    for execution in executions:
        description = await stage.end(execution)
        assert description["output"] == str(pid)
        assert description["redriveCount"] == redrives
    assert calls == []
    await stage.service.stop()
