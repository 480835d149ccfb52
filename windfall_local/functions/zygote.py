"""The zygote: a small process that has imported what functions import, and forks their workers.

It runs as a script of its own (never imported into a worker's `sys.path`), has one thread, and
takes orders over a socket: a JSON document each, with the write end of a log pipe beside it. The
child becomes a Lambda execution environment: its own variables, directories and import path, and
`awslambdaric` on top. `awslambdaric` reads `AWS_LAMBDA_RUNTIME_API` while it is imported, so its
import happens after the fork.

Everything dies together: workers get a signal from the kernel when the zygote ends (Linux), the
zygote when the local cloud ends; elsewhere the closed socket tells the zygote, which kills them.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import http.client
import importlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
from typing import Any

LENGTH_BYTES = 4
PR_SET_PDEATHSIG = 1

PRELOADED = (
    "boto3",
    "botocore.client",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.retries.adaptive",
    "botocore.retries.standard",
    "botocore.signers",
    "s3transfer.manager",
    "pydantic",
    "aws_lambda_powertools",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.data_classes",
    "aws_lambda_powertools.utilities.parameters",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.typing",
    # What awslambdaric itself imports.
    "http.client",
    "simplejson",
    "snapshot_restore_py",
)
WARMED_MODELS = (
    "comprehend",
    "dynamodb",
    "events",
    "polly",
    "rekognition",
    "s3",
    "sqs",
    "ssm",
    "stepfunctions",
    "translate",
)


def send_message(
    connection: socket.socket, document: dict[str, Any], descriptors: tuple[int, ...] = ()
) -> None:
    """Send one document; descriptors travel with its length."""
    body = json.dumps(document).encode()
    rights = array.array("i", descriptors)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    connection.sendmsg([len(body).to_bytes(LENGTH_BYTES, "big")], ancillary)
    connection.sendall(body)


def _receive_exactly(connection: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise EOFError
        received += part
    return bytes(received)


def receive_message(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive one document and the descriptors sent with it.

    Raises:
        EOFError: The other side is gone.
    """
    size = array.array("i").itemsize
    length, ancillary, _, _ = connection.recvmsg(LENGTH_BYTES, socket.CMSG_SPACE(size))
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % size])
    length += _receive_exactly(connection, LENGTH_BYTES - len(length))
    body = _receive_exactly(connection, int.from_bytes(length, "big"))
    return json.loads(body), list(descriptors)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends (Linux; elsewhere do nothing)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It ended before the line above.
        os._exit(1)


def _preload() -> None:
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _share_models()
    gc.collect()
    gc.freeze()  # Workers share these pages; a collection must not touch them.


def _share_models() -> None:
    """Parse the models of common services once; every session of every worker finds them.

    botocore keeps them per session, and for a session's first client it reads 0.1 to 1 MB of
    JSON and looks into each of its 400 folders.
    """
    from botocore.loaders import JSONFileLoader, Loader  # noqa: PLC0415 - part of the preloading
    from botocore.session import Session  # noqa: PLC0415

    load = JSONFileLoader.load_file
    shared: dict[str, Any] = {}

    def load_shared(self: Any, file_path: str) -> Any:
        if file_path not in shared:
            shared[file_path] = load(self, file_path)
        return shared[file_path]

    available = Loader.list_available_services
    listed: dict[tuple[str, ...], list[str]] = {}

    def list_shared(self: Any, type_name: str) -> list[str]:
        folders = (type_name, *self.search_paths)
        if folders not in listed:
            listed[folders] = available(self, type_name)
        return listed[folders]

    JSONFileLoader.load_file = load_shared
    Loader.list_available_services = list_shared
    session = Session()
    for service in WARMED_MODELS:
        session.create_client(
            service, region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-"
        )


def _become_environment(order: dict[str, Any], log: int) -> None:
    """Turn this fresh child into the execution environment that the order describes."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, 256)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(order["environment"])
    if sys.platform == "darwin":
        os.environ["no_proxy"] = "*"  # macOS's proxy lookup does not survive a fork.
    time.tzset()
    tempfile.tempdir = None
    os.chdir(order["directory"])
    sys.path[:0] = order["path"]
    sys.argv = ["bootstrap"]


def _serve_invocations(handler: str, address: str) -> None:
    from awslambdaric import bootstrap  # noqa: PLC0415 - reads the environment of this worker
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # noqa: PLC0415
    from awslambdaric.lambda_runtime_marshaller import to_json  # noqa: PLC0415

    class Client(LambdaRuntimeClient):  # type: ignore[misc]
        """Accepts an address with a path; the C client does, this one call did not."""

        def call_rapid(
            self,
            http_method: str,
            endpoint: str,
            expected_http_code: int,
            payload: Any = None,
            headers: dict[str, str] | None = None,
        ) -> None:
            host, _, prefix = address.partition("/")
            connection = http.client.HTTPConnection(host)
            connection.request(http_method, f"/{prefix}{endpoint}", to_json(payload), headers or {})
            connection.getresponse().read()
            connection.close()

    bootstrap.run(handler, Client(address))


def _run_child(order: dict[str, Any], log: int) -> None:
    """Never returns: the child ends here, whatever happens."""
    code = 1
    try:
        die_with_parent(order["zygote"])
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _become_environment(order, log)
        _serve_invocations(order["handler"], order["environment"]["AWS_LAMBDA_RUNTIME_API"])
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException as error:  # noqa: BLE001, RUF100 - its end is reported by its exit code
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


class Zygote:
    """Forks a worker for every order and reports the end of each."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._children: dict[int, str] = {}

    def run(self) -> None:
        """Serve orders until the other side is gone; then end every worker."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        send_message(self._connection, {"ready": os.getpid()})
        try:
            while True:
                control = self._connection.fileno()
                readable, _, _ = select.select([control, wake_read], [], [])
                if wake_read in readable:
                    os.read(wake_read, 4096)
                    self._reap()
                if control in readable:
                    self._fork(*receive_message(self._connection))
        except (EOFError, OSError):
            for pid in self._children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _fork(self, order: dict[str, Any], descriptors: list[int]) -> None:
        [log] = descriptors
        order["zygote"] = os.getpid()
        pid = os.fork()
        if pid == 0:
            _run_child(order, log)
        os.close(log)
        self._children[pid] = order["worker"]
        send_message(self._connection, {"worker": order["worker"], "started": pid})

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            worker = self._children.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            send_message(self._connection, {"worker": worker, "ended": code})


def main() -> None:
    """Run as a script: the number of the socket's descriptor, and the parent's process id."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    sys.path.pop(0)  # This folder: a worker must not find our modules by their short names.
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _preload()
    Zygote(socket.socket(fileno=descriptor)).run()


if __name__ == "__main__":
    main()
