"""One invocation on its way to a worker and back, and the error documents AWS answers with."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from dataclasses import dataclass, field

from windfall_local.tracing import Trace, lineage

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100
"""What the Runtime API takes: 6 MB and AWS's own margin."""
LOG_TAIL_BYTES = 4096
"""What `LogType: Tail` gives."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended.

    Attributes:
        payload: What the function returned, or the error document.
        failed: AWS's `FunctionError: Unhandled`.
        log_tail: The last 4 KB that were logged.
    """

    payload: bytes
    failed: bool
    log_tail: bytes = b""


@dataclass(slots=True)
class Invocation:
    """A request that a worker is to answer.

    Attributes:
        request_id: As the function sees it in its context.
        payload: JSON text.
        timeout: Seconds from the moment a worker takes it.
        trace: The place in a trace that it takes.
        client_context: JSON text, when the caller gave one.
        taken: Resolved when a worker has it.
        answer: Resolved with what the worker posted: the body, and whether it is an error.
    """

    request_id: str
    payload: bytes
    function_arn: str
    timeout: float
    trace: Trace
    client_context: str | None = None
    taken: asyncio.Future[None] = field(init=False)
    answer: asyncio.Future[tuple[bytes, bool]] = field(init=False)

    service_segment: str = field(default_factory=lambda: secrets.token_hex(8))
    function_segment: str = field(default_factory=lambda: secrets.token_hex(8))
    initialisation_segment: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def trace_header(self) -> str:
        """What its calls carry as `X-Amzn-Trace-Id`, but for the place within it."""
        return f"{self.trace.under(self.function_segment)};{self.lineage}"

    @property
    def lineage(self) -> str:
        """What the headers of its calls have in common, and no other's."""
        return lineage(self.request_id)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.taken = loop.create_future()
        self.answer = loop.create_future()


def _document(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def timed_out(request_id: str, seconds: float) -> bytes:
    """The error document of a function that did not end in time."""
    return _document(
        "Sandbox.Timedout",
        f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds",
    )


def exited(request_id: str, code: int) -> bytes:
    """The error document of a runtime whose process ended under an invocation."""
    return _document(
        "Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited {describe_exit(code)}"
    )


def out_of_memory(request_id: str) -> bytes:
    """The error document of a runtime that was ended because of its memory."""
    return _document(
        "Runtime.OutOfMemory",
        f"RequestId: {request_id} Error: Runtime exited with error: signal: killed",
    )


def response_too_large(size: int) -> bytes:
    """The error document of a function that returned more than Lambda carries."""
    return _document(
        "Function.ResponseSizeTooLarge",
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({MAX_RESPONSE_BYTES} bytes).",
    )


def describe_exit(code: int) -> str:
    """`with error: exit status 1`, as Lambda words the end of a process."""
    if code == 0:
        return "without providing a reason"
    if code > 0:
        return f"with error: exit status {code}"
    words = {signal.SIGKILL: "killed", signal.SIGSEGV: "segmentation fault"}
    try:
        name = words.get(signal.Signals(-code), signal.Signals(-code).name)
    except ValueError:
        name = str(-code)
    return f"with error: signal: {name}"
