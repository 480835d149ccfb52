"""One execution environment: a worker, its invocations one at a time, its log and its limits."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from windfall_local.api import ACCOUNT, Cloud, Principal, ServiceError
from windfall_local.functions import invocations, memory
from windfall_local.functions.invocations import Invocation, Outcome
from windfall_local.functions.log_stream import LogStream
from windfall_local.functions.records import FunctionRecord
from windfall_local.functions.runtime_api import PREFIX
from windfall_local.functions.segments import segments_of
from windfall_local.functions.workers import WorkerOrder, WorkerProcess
from windfall_local.services.xray.inbox import SegmentInbox

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunningInvocation:
    """An invocation that runs, for who wants to end it."""

    function: str
    event: bytes
    kill: Callable[[], None]


INIT_SECONDS = 10.0
"""What Lambda grants the import of a function before its time-out begins to count."""
MEMORY_HEADROOM_BYTES = 64 * 1024 * 1024
"""The zygote preloads modules that this function may not use; they count in its resident set."""

Fork = Callable[[WorkerOrder, Callable[[bytes], None]], WorkerProcess]


class ExecutionEnvironment:
    """Runs a function's invocations in its worker, one after the other.

    Args:
        cloud: For credentials, the endpoint, and the log.
        function: As it is now; a changed function gets new environments.
        path: What goes on the worker's import path, the code first.
        fork: Starts the worker.
        on_close: Told the worker's id when the environment ended.
    """

    def __init__(
        self,
        cloud: Cloud,
        function: FunctionRecord,
        path: tuple[str, ...],
        fork: Fork,
        *,
        on_close: Callable[[str], None],
    ) -> None:
        self.function = function
        self._cloud = cloud
        self._inbox = SegmentInbox() if function.is_traced else None
        self.worker_id = uuid4().hex
        self._on_close = on_close
        self.idle_since = 0.0
        self._principal = Principal.role(function.role, function.name)
        self._temporary = tempfile.mkdtemp(prefix=f"windfall-{function.name[:32]}-")
        day = datetime.now(UTC).strftime("%Y/%m/%d")
        self._log = LogStream(
            cloud, function.log_group, f"{day}/[$LATEST]{uuid4().hex}", self._principal
        )
        self._next: asyncio.Future[Invocation | None] = _future()
        self._current: Invocation | None = None
        self._init_error: bytes | None = None
        self._unfinished_line = b""
        self._tail = bytearray()
        self._peak = 0
        self._starved = False
        self._started = time.monotonic()
        self._init_seconds: float | None = None
        order = WorkerOrder(
            self.worker_id,
            function.settings["Handler"],
            function.directory,
            path,
            self._variables(cloud, path),
        )
        self._worker = fork(order, self._take_output)
        self._worker.ended.add_done_callback(lambda _: self._offer(None))

    @property
    def alive(self) -> bool:
        """Whether it can take another invocation."""
        return not self._worker.ended.done()

    @property
    def principal_arn(self) -> str:
        """Who the function is when it calls other services."""
        return self._principal.arn

    def _variables(self, cloud: Cloud, path: tuple[str, ...]) -> dict[str, str]:
        function, keys = self.function, cloud.credentials(self._principal)
        own = function.settings.get("Environment", {}).get("Variables", {})
        return {
            **own,
            "_HANDLER": function.settings["Handler"],
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            **({"AWS_SESSION_TOKEN": keys.token} if keys.token else {}),
            "AWS_DEFAULT_REGION": cloud.region,
            "AWS_REGION": cloud.region,
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.settings['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self._log.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._log.name,
            **_logging_variables(function),
            **({"AWS_XRAY_DAEMON_ADDRESS": self._inbox.address} if self._inbox else {}),
            "AWS_LAMBDA_RUNTIME_API": f"{cloud.endpoint.split('://')[1]}{PREFIX}{self.worker_id}",
            "HOME": self._temporary,
            "LAMBDA_TASK_ROOT": function.directory,
            "LAMBDA_RUNTIME_DIR": function.directory,
            "LANG": "en_US.UTF-8",
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join(path),
            "TMPDIR": self._temporary,
            "TZ": own.get("TZ", "UTC"),
        }

    # What the worker asks and posts (see runtime_api.Runtime).

    async def next_invocation(self) -> Invocation | None:
        """Wait for the next request; the first wait ends the worker's initialisation."""
        if self._init_seconds is None:
            self._init_seconds = time.monotonic() - self._started
        invocation = await self._next
        if invocation is not None:
            self._next = _future()
            invocation.taken.set_result(None)
        return invocation

    def _offer(self, invocation: Invocation | None) -> None:
        if not self._next.done():
            self._next.set_result(invocation)

    def respond(self, request_id: str, body: bytes) -> int:
        """Take a result."""
        if len(body) > invocations.MAX_RESPONSE_BYTES:
            self._settle(request_id, invocations.response_too_large(len(body)), failed=True)
            return 413
        return self._settle(request_id, body, failed=False)

    def fail(self, request_id: str, body: bytes) -> int:
        """Take an error document."""
        return self._settle(request_id, body, failed=True)

    def fail_init(self, body: bytes) -> int:
        """Remember why the import failed; the worker exits right after."""
        self._init_error = body
        return 202

    def _settle(self, request_id: str, body: bytes, *, failed: bool) -> int:
        current = self._current
        if current is None or current.request_id != request_id or current.answer.done():
            return 400
        current.answer.set_result((body, failed))
        return 202

    # What the pool does with it.

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end, whatever that is."""
        cold = self._init_seconds is None
        self._current = invocation
        self._tail.clear()
        self._write(f"START RequestId: {invocation.request_id} Version: $LATEST")
        self._offer(invocation)
        began, asked = time.monotonic(), time.time()
        if await self._first(invocation.taken, INIT_SECONDS + invocation.timeout):
            began = time.monotonic()
            await self._first(invocation.answer, invocation.timeout)
        payload, failed = await self._conclude(invocation)
        self._worker.output.drain()
        self._report(invocation, time.monotonic() - began, cold=cold)
        await self._tell(invocation, asked, cold=cold, failed=failed)
        self._current = None
        return Outcome(payload, failed, bytes(self._tail[-invocations.LOG_TAIL_BYTES :]))

    async def _tell(
        self, invocation: Invocation, asked: float, *, cold: bool, failed: bool
    ) -> None:
        """Tell X-Ray of the invocation, and hand on what the function told, as its role."""
        if self._inbox is None:
            return
        documents = self._inbox.empty()
        if invocation.trace.sampled:
            documents += segments_of(
                self.function,
                invocation,
                ACCOUNT,
                (asked, time.time()),
                initialised=self._init_seconds if cold else None,
                failed=failed,
            )
        if documents:
            try:
                await self._cloud.call(
                    "xray",
                    "PutTraceSegments",
                    {"TraceSegmentDocuments": documents},
                    self._principal,
                )
            except ServiceError as error:
                log.warning("X-Ray hears nothing of %s: %s", self.function.name, error)

    async def _first(self, future: asyncio.Future[Any], seconds: float) -> bool:
        """Wait for the future, the worker's end or the time-out; whether it was the future."""
        await asyncio.wait(
            (future, self._worker.ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        return future.done()

    async def _conclude(self, invocation: Invocation) -> tuple[bytes, bool]:
        if invocation.answer.done():
            return invocation.answer.result()
        request_id = invocation.request_id
        if not self._worker.ended.done():
            self._worker.kill()
            await self._worker.ended
            stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
            timeout = invocation.timeout
            self._write(f"{stamp}Z {request_id} Task timed out after {timeout:.2f} seconds\n")
            return invocations.timed_out(request_id, timeout), True
        if self._init_error is not None:
            return self._init_error, True
        code = self._worker.ended.result()
        self._write(f"RequestId: {request_id} Error: Runtime exited {_exit(code)}")
        if self._starved:
            return invocations.out_of_memory(request_id), True
        return invocations.exited(request_id, code), True

    def running(self, lineage: str) -> RunningInvocation | None:
        """The invocation under way, if its calls carry this lineage."""
        current = self._current
        if current is None or current.lineage != lineage:
            return None
        return RunningInvocation(self.function.name, current.payload, self._worker.kill)

    def watch_memory(self) -> None:
        """End the worker when it holds more than its function may; take in what it told."""
        if self._inbox is not None:
            self._inbox.receive()
        pid = self._worker.pid
        if pid is None or not self.alive:
            return
        held = memory.resident_bytes(pid)
        self._peak = max(self._peak, held)
        if held > self.function.memory * 1024 * 1024 + MEMORY_HEADROOM_BYTES:
            self._starved = True
            self._worker.kill()

    async def close(self) -> None:
        """End the worker, ship its last lines, and leave nothing behind."""
        self._worker.kill()
        await self._worker.ended
        self._on_close(self.worker_id)
        if self._inbox is not None:
            self._inbox.close()
        await self._log.close()
        shutil.rmtree(self._temporary, ignore_errors=True)

    # The log.

    def _take_output(self, data: bytes) -> None:
        *lines, self._unfinished_line = (self._unfinished_line + data).split(b"\n")
        for line in lines:
            self._write(line.decode("utf-8", "replace"))

    def _write(self, line: str) -> None:
        self._log.write(line)
        self._tail += line.encode() + b"\n"
        if len(self._tail) > 2 * invocations.LOG_TAIL_BYTES:
            del self._tail[: -invocations.LOG_TAIL_BYTES]

    def _report(self, invocation: Invocation, seconds: float, *, cold: bool) -> None:
        if self._unfinished_line:
            self._take_output(b"\n")
        self.watch_memory()
        milliseconds = seconds * 1000
        fields = [
            f"REPORT RequestId: {invocation.request_id}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {math.ceil(milliseconds)} ms",
            f"Memory Size: {self.function.memory} MB",
            f"Max Memory Used: {self._peak // (1024 * 1024)} MB",
        ]
        if cold and self._init_seconds is not None:
            fields.append(f"Init Duration: {self._init_seconds * 1000:.2f} ms")
        self._write(f"END RequestId: {invocation.request_id}")
        self._write("\t".join(fields) + "\t")


def _future() -> asyncio.Future[Invocation | None]:
    return asyncio.get_running_loop().create_future()


def _exit(code: int) -> str:
    return invocations.describe_exit(code)


def _logging_variables(function: FunctionRecord) -> dict[str, str]:
    configured = function.settings.get("LoggingConfig", {})
    variables = {}
    if configured.get("LogFormat") == "JSON":
        variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        if "ApplicationLogLevel" in configured:
            variables["AWS_LAMBDA_LOG_LEVEL"] = configured["ApplicationLogLevel"]
    return variables
