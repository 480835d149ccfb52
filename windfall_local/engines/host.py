"""Engines run in processes of their own: the event loop stays free, a crash stays theirs.

An engine is named `module:Class`. Its process starts when it is first needed, builds the class
once and keeps it (models stay loaded). Arguments and results cross by pickle: pass bytes,
NumPy arrays and plain data.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.resource_tracker import ensure_running
from types import ModuleType
from typing import Any

from windfall_local.engines import EngineDiedError

_instances: dict[str, Any] = {}


def _prepare_process() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A parent that was killed cannot end its engines, and they would wait for work for ever.
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _call_engine(engine: str, method: str, arguments: tuple[Any, ...]) -> Any:
    instance = _instances.get(engine)
    if instance is None:
        module, _, name = engine.partition(":")
        instance = _instances[engine] = getattr(import_module(module), name)()
    return getattr(instance, method)(*arguments)


@contextmanager
def _without_main_module() -> Iterator[None]:
    """A new process imports the parent's main module first; no engine needs the command line."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A process that is started here, and what it starts, never hears of Ctrl-C.

    It reaches the whole process group, and the parent decides when engines end. A process that
    asked for this by itself would hear of one that comes before it is that far.
    """
    # Its start, which comes with the first process, would take back what is asked for here.
    ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _EngineProcess(SpawnProcess):
    def start(self) -> None:
        with _without_main_module(), _deaf_to_ctrl_c():
            super().start()


class _EngineContext(SpawnContext):
    """Remembers the processes that it started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[_EngineProcess] = []

    # What a pool asks of its context; in the base class it is a class.
    def Process(self, *arguments: Any, **named: Any) -> _EngineProcess:  # type: ignore[override]  # noqa: N802
        process = _EngineProcess(*arguments, **named)
        self.started = [one for one in self.started if one.is_alive()]
        self.started.append(process)
        return process


class EngineHost:
    """Runs engines, each in its own process.

    Args:
        processes: Processes for an engine that may run several at once; 1 for the others.
    """

    def __init__(self, processes: dict[str, int] | None = None) -> None:
        self._processes = processes or {}
        self._context = _EngineContext()
        self._pools: dict[str, ProcessPoolExecutor] = {}

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        """Call a method of an engine in its process.

        Raises:
            EngineDiedError: The process died; the next call starts a new one.
            EngineError: Whatever the engine itself raised.
        """
        pool = self._pools.get(engine)
        if pool is None:
            pool = self._pools[engine] = ProcessPoolExecutor(
                self._processes.get(engine, 1),
                mp_context=self._context,
                initializer=_prepare_process,
            )
        try:
            return await asyncio.get_running_loop().run_in_executor(
                pool, _call_engine, engine, method, arguments
            )
        except BrokenProcessPool as error:
            if self._pools.get(engine) is pool:
                del self._pools[engine]
            raise EngineDiedError(
                f"The process of the engine {engine} died in {method}; it starts again when needed."
            ) from error

    def close(self) -> None:
        """End every engine's process, and the work in it, which nobody awaits any more."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._pools.clear()
        for process in self._context.started:
            # This process would wait for theirs at its own end, minutes for a long recording.
            process.terminate()
