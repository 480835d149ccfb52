"""A container that serves, for as long as somebody asks."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windfall_local.functions.log_stream import LogStream
from windfall_local.services.sagemaker.containers import (
    Container,
    ContainerError,
    ContainerTimeoutError,
)


class ServingContainer:
    """A container that serves: started by the first request, ended when nobody asks any more.

    Args:
        kind: `xgboost`, `xgboost-script` or `scikit-learn`.
        model: The folder with the model.
        code: The folder with the script.
        environment: All of its variables.
        log: Where its output goes.
        idle: Seconds without a request after which its process ends.
    """

    def __init__(
        self,
        kind: str,
        model: Path,
        code: Path,
        environment: Mapping[str, str],
        log: LogStream,
        idle: float,
    ) -> None:
        self._kind, self._model, self._code = kind, model, code
        self._environment = environment
        self._log = log
        self._idle = idle
        self._turn = asyncio.Lock()
        self._container: Container | None = None
        self._channel: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._end: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._container is not None

    @property
    def memory(self) -> int:
        """Bytes that its process holds; 0 when there is none."""
        return self._container.memory if self._container is not None else 0

    async def start(self, timeout: float) -> None:
        """Load the model, unless that is done.

        Raises:
            ContainerError: It can't be loaded.
        """
        async with self._turn:
            await self._started(timeout)
        self._rest()

    async def ask(
        self, request: Mapping[str, Any], timeout: float, *, patient: bool = False
    ) -> dict[str, Any]:
        """Ask for one invocation: the files of both bodies, the types; status and type come back.

        Args:
            request: As `windfall_local.engines.tables.serving` has it.
            timeout: Seconds that it may take.
            patient: Whether they are counted from its turn on, and not from now.

        Raises:
            ContainerTimeoutError: It took too long, and was ended.
            ContainerError: It died of it, or could not be started.
        """
        try:
            async with asyncio.timeout(None if patient else timeout), self._turn:
                async with asyncio.timeout(timeout):
                    return await self._ask(request, timeout)
        except TimeoutError as error:
            raise ContainerTimeoutError(f"No answer within {timeout:g} seconds.") from error
        finally:
            self._rest()

    async def stop(self) -> None:
        """End its process; the next request starts another."""
        if self._end is not None:
            self._end.cancel()
        async with self._turn:
            await self._kill()

    async def _ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        await self._started(timeout)
        assert self._channel is not None  # it was just started
        reader, writer = self._channel
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            line = await reader.readline()
        except asyncio.CancelledError:
            # Whatever it still does is of no use, and its answer would be taken for the next.
            await self._kill()
            raise
        except OSError:
            line = b""
        if not line:
            await self._kill()
            raise ContainerError("The container died while it answered.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _started(self, timeout: float) -> None:
        if self._container is not None:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            program = (
                "-m",
                "windfall_local.engines.tables.serving",
                str(theirs.fileno()),
                self._kind,
                str(self._model),
                str(self._code),
            )
            container = Container(program, self._environment, self._model, self._log)
            self._channel = await asyncio.open_unix_connection(sock=ours)
            self._container = container
            await container.start([theirs.fileno()])
        try:
            async with asyncio.timeout(timeout):
                line = await self._channel[0].readline()
        except BaseException:
            await self._kill()
            raise
        ready = json.loads(line) if line else {"ready": False, "reason": "the container died"}
        if not ready["ready"]:
            await self._kill()
            raise ContainerError(str(ready["reason"]))

    async def _kill(self) -> None:
        container, self._container = self._container, None
        channel, self._channel = self._channel, None
        if channel is not None:
            channel[1].close()
        if container is not None:
            await container.kill()

    def _rest(self) -> None:
        if self._end is not None:
            self._end.cancel()
        loop = asyncio.get_running_loop()
        self._end = loop.call_later(self._idle, self._end_idle)

    def _end_idle(self) -> None:
        if self._turn.locked():
            self._rest()
        else:
            self._ending = asyncio.create_task(self.stop())
