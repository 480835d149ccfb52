"""Engines in processes of their own, and what happens when such a process dies."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from windfall_cli.home import is_running
from windfall_local.engines import EngineDiedError
from windfall_local.engines.host import EngineHost

HOSTING = """
import asyncio
from windfall_local.engines.host import EngineHost

async def main():
    print(await EngineHost().run("tests.fakes.engine:CuriousEngine", "process"), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
COUNTER = "collections:Counter"  # any class that can be imported is an engine


@pytest.fixture
def host() -> Iterator[EngineHost]:
    host = EngineHost()
    yield host
    host.close()


async def test_an_engine_is_built_once_and_kept(host: EngineHost) -> None:
    await host.run(COUNTER, "update", "aab")
    assert await host.run(COUNTER, "total") == 3


async def test_an_engine_that_died_starts_again_when_needed(host: EngineHost) -> None:
    engine = "tests.fakes.engine:MortalEngine"
    with pytest.raises(EngineDiedError, match="MortalEngine died in die"):
        await host.run(engine, "die")
    assert await host.run(engine, "live") == "alive"


async def test_an_engine_does_not_import_the_command_line(host: EngineHost) -> None:
    assert await host.run("tests.fakes.engine:CuriousEngine", "main_file") is None


async def test_an_engine_never_hears_of_ctrl_c_and_its_host_still_does(host: EngineHost) -> None:
    assert not await host.run("tests.fakes.engine:CuriousEngine", "hears_ctrl_c")
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


async def test_an_engine_ends_with_a_host_that_is_killed() -> None:
    hosting = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOSTING), stdout=asyncio.subprocess.PIPE
    )
    assert hosting.stdout is not None
    engine = int(await hosting.stdout.readline())
    hosting.kill()
    await hosting.communicate()
    while is_running(engine):
        await asyncio.sleep(0.01)


async def test_work_that_nobody_awaits_ends_with_the_host(tmp_path: Path) -> None:
    host = EngineHost()
    begun = tmp_path / "begun"
    work = asyncio.create_task(host.run("tests.fakes.engine:TirelessEngine", "work", begun))
    while not begun.exists():
        await asyncio.sleep(0.01)
    host.close()
    with pytest.raises(EngineDiedError):
        await work
