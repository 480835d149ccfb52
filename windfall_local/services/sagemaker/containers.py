"""The processes that stand for containers: their variables, logs, and what is asked of them."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.functions.log_stream import LogStream
from windfall_local.services.sagemaker.wording import invalid

SERVICE = "sagemaker.amazonaws.com"
SESSION = "SageMaker"
_OF_THE_MACHINE = ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_READ_BYTES = 65536


class ContainerError(Exception):
    """A container did not start, died, or took too long."""


class ContainerTimeoutError(ContainerError):
    """It took too long and was ended."""


async def check_role(cloud: Cloud, role_arn: str) -> Principal:
    """The session of a role that SageMaker may assume.

    Raises:
        ServiceError: There is no such role, or it does not trust SageMaker.
    """
    try:
        await cloud.call(
            "sts",
            "AssumeRole",
            {"RoleArn": role_arn, "RoleSessionName": SESSION},
            Principal.service(SERVICE),
        )
    except ServiceError as error:
        raise invalid(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            f"principal '{SERVICE}' to assume the role."
        ) from error
    return Principal.role(role_arn, SESSION)


def variables(cloud: Cloud, principal: Principal, own: Mapping[str, str]) -> dict[str, str]:
    """A container's environment: its role's keys, the region, and what it was given."""
    keys = cloud.credentials(principal)
    return {
        **{name: os.environ[name] for name in _OF_THE_MACHINE if name in os.environ},
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": cloud.region,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_SESSION_TOKEN": keys.token,
        **own,
    }


class Container:
    """A process, in a session of its own, whose output is a log stream.

    Args:
        program: The module that it runs, and its arguments.
        environment: All of its variables.
        folder: Its working directory.
        log: Where its output goes.
        listen: Hears every line, too.
    """

    def __init__(
        self,
        program: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        log: LogStream,
        listen: Callable[[str], None] | None = None,
    ) -> None:
        self._listen = listen
        self._program = program
        self._environment = dict(environment)
        self._folder = folder
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self, descriptors: Sequence[int] = ()) -> None:
        """Start it.

        Args:
            descriptors: Of sockets that it gets.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            cwd=self._folder,
            pass_fds=descriptors,
            # Ctrl-C is for the parent; and a script's own children end with it.
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(self._process))

    async def wait(self) -> int:
        """Its exit code, when it has ended and its log is complete."""
        assert self._process is not None
        assert self._reading is not None
        code = await self._process.wait()
        # A child that holds on to the output must not keep the job waiting.
        await asyncio.wait([self._reading], timeout=5)
        await self._log.close()
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send the process and its children a signal, if they still run."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    async def kill(self) -> None:
        """End it now."""
        if self._process is None:
            return
        self.signal(signal.SIGKILL)
        await self.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # it is a pipe
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        rest = ""
        while data := await process.stdout.read(_READ_BYTES):
            *lines, rest = (rest + decode(data)).split("\n")
            for line in lines:
                self._write(line.rstrip("\r"))
        self._write(rest)

    def _write(self, line: str) -> None:
        # CloudWatch's agent writes a tab this way, and metric definitions look for it.
        shown = line.replace("\t", "#011")
        self._log.write(shown)
        if self._listen is not None:
            self._listen(shown)


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

    async def start(self, timeout: float) -> None:
        """Load the model, unless that is done.

        Raises:
            ContainerError: It can't be loaded.
        """
        async with self._turn:
            await self._started(timeout)
        self._rest()

    async def ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Ask for one invocation: the files of both bodies, the types; status and type come back.

        Raises:
            ContainerTimeoutError: It took too long, and was ended.
            ContainerError: It died of it, or could not be started.
        """
        try:
            async with asyncio.timeout(timeout), self._turn:
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
