"""The processes that stand for containers: real ones, started, asked, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from windfall_cli.home import is_running
from windfall_local.api import Cloud, Principal
from windfall_local.functions.log_stream import LogStream
from windfall_local.services.sagemaker.containers import (
    Container,
    ContainerError,
    ContainerTimeoutError,
)
from windfall_local.services.sagemaker.serving import ServingContainer

SCRIPT = """
import os, time

print("loading")

def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    if body == "slow":
        time.sleep(600)
    if body == "die":
        os._exit(3)
    return f"{os.getpid()} {body}", accept
"""


class FakeLogs:
    """Keeps the lines that are written to CloudWatch Logs."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        if operation == "PutLogEvents":
            self.lines += [event["message"] for event in parameters["logEvents"]]
        return {}


def log_of(logs: FakeLogs) -> LogStream:
    return LogStream(cast(Cloud, logs), "group", "stream", Principal.root())


class Served:
    """A container that serves a script."""

    def __init__(self, folder: Path, script: str = SCRIPT, idle: float = 60) -> None:
        self.folder = folder
        self.logs = FakeLogs()
        (folder / "serve.py").write_text(script)
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "SAGEMAKER_PROGRAM": "serve.py",
            "PYTHONUNBUFFERED": "1",
        }
        self.container = ServingContainer(
            "scikit-learn", folder, folder, environment, log_of(self.logs), idle
        )

    async def ask(self, body: str, timeout: float = 60, **more: Any) -> tuple[int, str]:
        """The process that answered, and its answer."""
        source, output = self.folder / f"in-{body}", self.folder / f"out-{body}"
        source.write_text(body)
        asked = {
            "input": str(source),
            "output": str(output),
            "content_type": "text/csv",
            "accept": "text/csv",
        }
        answer = await self.container.ask(asked, timeout, **more)
        assert answer == {"status": 200, "content_type": "text/csv"}
        pid, _, said = output.read_text().partition(" ")
        return int(pid), said


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    made = Served(tmp_path)
    yield made
    await made.container.stop()


async def test_one_process_answers_until_it_dies_and_then_another(served: Served) -> None:
    first, said = await served.ask("hello")
    assert said == "hello"
    assert (await served.ask("again"))[0] == first
    with pytest.raises(ContainerError, match="died"):
        await served.ask("die")
    second, _ = await served.ask("hello")
    assert second != first
    await served.container.stop()
    assert served.logs.lines.count("loading") == 2


async def test_an_answer_that_takes_too_long_ends_the_process(served: Served) -> None:
    first, _ = await served.ask("hello")
    with pytest.raises(ContainerTimeoutError):
        await served.ask("slow", 0.2)
    assert not is_running(first)
    assert (await served.ask("hello"))[1] == "hello"


async def test_who_is_patient_has_the_whole_time_for_himself(served: Served) -> None:
    await served.ask("hello")
    slow = asyncio.create_task(served.ask("slow", 0.5))
    await asyncio.sleep(0)
    # The turn comes after half a second; one that counts from now gives up before.
    waiting = asyncio.create_task(served.ask("hello", 30, patient=True))
    with pytest.raises(ContainerTimeoutError):
        await served.ask("again", 0.1)
    with pytest.raises(ContainerTimeoutError):
        await slow
    assert (await waiting)[1] == "hello"


async def test_a_process_that_nobody_asks_is_ended_and_started_again(tmp_path: Path) -> None:
    served = Served(tmp_path, idle=0.05)
    first, _ = await served.ask("hello")
    async with asyncio.timeout(100):
        while served.container.is_running:
            await asyncio.sleep(0.01)
    second, _ = await served.ask("hello")
    assert second != first
    await served.container.stop()


async def test_a_model_that_cannot_be_loaded_is_an_error(tmp_path: Path) -> None:
    served = Served(tmp_path, "def model_fn(folder):\n    raise OSError('no such model')\n")
    with pytest.raises(ContainerError, match="no such model"):
        await served.container.start(60)
    assert not served.container.is_running


async def test_what_a_container_prints_is_its_log_line_by_line(tmp_path: Path) -> None:
    logs = FakeLogs()
    heard: list[str] = []
    program = (
        "import sys; sys.stdout.write('one\\ntwo\\tä\\r\\nthr'); sys.stderr.write('ee'); exit(4)"
    )
    container = Container(("-uc", program), {}, tmp_path, log_of(logs), heard.append)
    await container.start()
    assert await container.wait() == 4
    assert logs.lines == ["one", "two#011ä", "three"]
    assert heard == logs.lines


async def test_a_container_is_ended_with_its_children(tmp_path: Path) -> None:
    logs = FakeLogs()
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open('child', 'w').write(str(child.pid)); open('ready', 'w').close()\n"
        "time.sleep(600)\n"
    )
    container = Container(("-c", program), {}, tmp_path, log_of(logs))
    await container.start()
    async with asyncio.timeout(100):
        while not (tmp_path / "ready").exists():
            await asyncio.sleep(0.01)
    child = int((tmp_path / "child").read_text())
    container.signal(signal.SIGTERM)
    assert await container.wait() == -signal.SIGTERM
    async with asyncio.timeout(100):
        while is_running(child):
            await asyncio.sleep(0.01)


def test_a_job_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import time\n"
        "from windfall_local.engines.tables import lifeline\n"
        "lifeline.hold_on()\n"
        "print('holding', flush=True)\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"holding\n"
    process.stdin.close()
    assert process.wait(100) == -signal.SIGKILL
    process.stdout.close()
