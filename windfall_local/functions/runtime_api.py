"""Lambda's Runtime API (2018-06-01) as an ASGI application, mounted at `/_runtime/`.

A worker's `AWS_LAMBDA_RUNTIME_API` is `127.0.0.1:<port>/_runtime/<worker>`; the id is its secret.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from windfall_local.functions.invocations import Invocation

PREFIX = "/_runtime/"
_VERSION = "2018-06-01/runtime/"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Runtime(Protocol):
    """What a worker talks to: its execution environment."""

    async def next_invocation(self) -> Invocation | None:
        """Wait for the next request; `None` when there will be none, as the worker is ended."""
        ...

    def respond(self, request_id: str, body: bytes) -> int:
        """Take a result; return the HTTP status to answer with."""
        ...

    def fail(self, request_id: str, body: bytes) -> int:
        """Take an error document; return the HTTP status to answer with."""
        ...

    def fail_init(self, body: bytes) -> int:
        """Take the error of an import that failed; return the HTTP status to answer with."""
        ...


class RuntimeApi:
    """Routes each worker's requests to its execution environment."""

    def __init__(self) -> None:
        self._runtimes: dict[str, Runtime] = {}

    def add(self, worker: str, runtime: Runtime) -> None:
        """Serve a worker from now on."""
        self._runtimes[worker] = runtime

    def remove(self, worker: str) -> None:
        """Serve it no more."""
        self._runtimes.pop(worker, None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request of a worker."""
        worker, _, route = scope["path"].removeprefix(PREFIX).partition("/")
        runtime = self._runtimes.get(worker)
        route = route.removeprefix(_VERSION)
        if runtime is None:
            await _answer(send, 403)
        elif route == "invocation/next" and scope["method"] == "GET":
            invocation = await runtime.next_invocation()
            if invocation is None:
                await _answer(send, 410)
            else:
                await _send_invocation(send, invocation)
        elif scope["method"] == "POST":
            await _answer(send, _post(runtime, route, await _read(receive)))
        else:
            await _answer(send, 404)


def _post(runtime: Runtime, route: str, body: bytes) -> int:
    match route.split("/"):
        case ["invocation", request_id, "response"]:
            return runtime.respond(request_id, body)
        case ["invocation", request_id, "error"]:
            return runtime.fail(request_id, body)
        case ["init", "error"]:
            return runtime.fail_init(body)
        case _:
            return 404


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _send_invocation(send: Send, invocation: Invocation) -> None:
    deadline = int((time.time() + invocation.timeout) * 1000)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(invocation.payload)).encode()),
        (b"lambda-runtime-aws-request-id", invocation.request_id.encode()),
        (b"lambda-runtime-deadline-ms", str(deadline).encode()),
        (b"lambda-runtime-invoked-function-arn", invocation.function_arn.encode()),
        (b"lambda-runtime-trace-id", invocation.trace_header.encode()),
    ]
    if invocation.client_context is not None:
        headers.append((b"lambda-runtime-client-context", invocation.client_context.encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": invocation.payload})
