"""The processes that stand for containers: their variables, logs, and what is asked of them."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from windfall_local.api import ACCOUNT, Cloud, Principal, ServiceError
from windfall_local.functions.log_stream import LogStream
from windfall_local.functions.memory import resident_bytes
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
            Principal.service(SERVICE, f"arn:aws:sagemaker:{cloud.region}:{ACCOUNT}:*"),
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

    @property
    def memory(self) -> int:
        """Bytes that its process holds; 0 when it has ended."""
        return resident_bytes(self._process.pid) if self._process is not None else 0

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
