"""The parent's end of the zygote: start workers, hear of their end, read what they print."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from windfall_local.functions import zygote

log = logging.getLogger(__name__)

_READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class WorkerOrder:
    """What a worker becomes.

    Attributes:
        worker: Its id, unguessable: it is its address at the Runtime API too.
        handler: `module.function`.
        directory: The code; its working directory.
        path: What goes before the interpreter's own import path.
        environment: All of its variables.
    """

    worker: str
    handler: str
    directory: str
    path: tuple[str, ...]
    environment: dict[str, str]


class WorkerOutput:
    """What a worker prints, read from its pipe as it comes."""

    def __init__(self, descriptor: int, receive: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._receive = receive
        self._open = True
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self.drain)

    def drain(self) -> None:
        """Hand over all that is in the pipe now; a worker prints before it responds."""
        while self._open:
            try:
                data = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                return
            if data:
                self._receive(data)
            else:
                self.close()

    def close(self) -> None:
        """Read no more."""
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)


class WorkerProcess:
    """A process that the zygote forked for an order."""

    def __init__(self, order: WorkerOrder, output: WorkerOutput) -> None:
        loop = asyncio.get_running_loop()
        self.order = order
        self.output = output
        self.pid: int | None = None
        self.ended: asyncio.Future[int] = loop.create_future()
        """Its exit code; negative is the signal that ended it."""
        self._killed = False

    def kill(self) -> None:
        """End it now, or as soon as it exists."""
        self._killed = True
        if self.pid is not None and not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def note_start(self, pid: int) -> None:
        """The zygote forked it."""
        self.pid = pid
        if self._killed:
            self.kill()

    def note_end(self, code: int) -> None:
        """It is gone; what it printed last is still in the pipe."""
        if not self.ended.done():
            self.output.drain()
            self.output.close()
            self.ended.set_result(code)


class ZygoteProcess:
    """Keeps one zygote alive; a dead one is replaced at the next order."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._received = bytearray()
        self._workers: dict[str, WorkerProcess] = {}

    def start(self) -> None:
        """Start the zygote; it preloads while we go on, and orders wait in its socket."""
        if self._process is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        environment = {
            key: value
            for key, value in os.environ.items()
            if key in {"PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
        }
        environment["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"  # macOS only; harmless here
        with theirs:
            self._process = subprocess.Popen(  # Ctrl-C is for the parent, hence a new session.
                [sys.executable, zygote.__file__, str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=Path(zygote.__file__).parent,
                start_new_session=True,
            )
        self._socket = ours
        self._received.clear()
        asyncio.get_running_loop().add_reader(ours, self._read)

    def fork(self, order: WorkerOrder, receive: Callable[[bytes], None]) -> WorkerProcess:
        """Start a worker; `receive` gets what it prints."""
        self.start()
        connection = self._socket
        assert connection is not None  # noqa: S101, RUF100 - start() made it
        reading, writing = os.pipe()
        worker = WorkerProcess(order, WorkerOutput(reading, receive))
        self._workers[order.worker] = worker
        document = {
            "worker": order.worker,
            "handler": order.handler,
            "directory": order.directory,
            "path": list(order.path),
            "environment": order.environment,
        }
        try:
            zygote.send_message(connection, document, (writing,))
        except OSError:
            self._lose_zygote()
        finally:
            os.close(writing)
        return worker

    def stop(self) -> None:
        """End the zygote, and by that every worker."""
        if self._process is not None:
            self._lose_zygote()

    def _read(self) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            data = connection.recv(_READ_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            log.warning("The zygote of the functions ended; the next cold start makes a new one.")
            self._lose_zygote()
            return
        self._received += data
        self._take_reports()

    def _take_reports(self) -> None:
        head = zygote.LENGTH_BYTES
        while len(self._received) >= head:
            end = head + int.from_bytes(self._received[:head], "big")
            if len(self._received) < end:
                return
            report = json.loads(self._received[head:end])
            del self._received[:end]
            worker = self._workers.get(report.get("worker", ""))
            if worker is None:
                continue
            if "started" in report:
                worker.note_start(report["started"])
            else:
                del self._workers[worker.order.worker]
                worker.note_end(report["ended"])

    def _lose_zygote(self) -> None:
        process, connection = self._process, self._socket
        self._process = self._socket = None
        if connection is not None:
            asyncio.get_running_loop().remove_reader(connection)
            connection.close()
        workers, self._workers = list(self._workers.values()), {}
        for worker in workers:
            worker.kill()
            worker.note_end(-signal.SIGKILL)
        if process is not None:
            process.kill()
            process.wait()
