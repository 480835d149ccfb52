"""The local cloud in a thread, for whoever is not asynchronous."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from windfall_local.cloud import DEFAULT_REGION, LocalCloud


@contextmanager
def cloud_in_thread(
    data_dir: Path, *, region: str = DEFAULT_REGION, loopback_is_secure: bool = True
) -> Iterator[LocalCloud]:
    """A cloud in a thread of its own, for tests and tools that are not asynchronous."""
    started: Future[LocalCloud] = Future()
    ended: Future[None] = Future()
    ending: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def live() -> None:
        end = asyncio.Event()
        ending.set_result((asyncio.get_running_loop(), end))
        async with LocalCloud.run(
            data_dir, region=region, loopback_is_secure=loopback_is_secure
        ) as cloud:
            started.set_result(cloud)
            await end.wait()

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            (ended if started.done() else started).set_exception(error)
        else:
            ended.set_result(None)

    thread = threading.Thread(target=run, name="local-cloud")
    thread.start()
    try:
        yield started.result()
    finally:
        loop, end = ending.result()
        with contextlib.suppress(RuntimeError):  # It may have ended by itself.
            loop.call_soon_threadsafe(end.set)
        thread.join()
    ended.result()
