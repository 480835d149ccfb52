"""Calls that begin what a Task waits for: once sent they are carried out, whoever still waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

_sent: set[asyncio.Task[Any]] = set()


async def carried_out(
    call: Coroutine[Any, Any, Any], undo: Callable[[Any], None], is_suspended: Callable[[], bool]
) -> Any:
    """Make a call to its end, and undo what it began when it was not waited for so long.

    Args:
        call: Begins something.
        undo: Given the answer; Step Functions makes an effort to cancel what a Task began that is
            stopped or takes too long.
        is_suspended: Whether the process ends instead: then the call is made again later.
    """
    task = asyncio.create_task(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if is_suspended():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        else:
            _sent.add(task)
            task.add_done_callback(lambda ended: _undone(ended, undo))
        raise


def _undone(task: asyncio.Task[Any], undo: Callable[[Any], None]) -> None:
    _sent.discard(task)
    if not task.cancelled() and task.exception() is None:
        undo(task.result())
