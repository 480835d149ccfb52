"""What functions tell AWS X-Ray: each invocation, each call to AWS in it, and a trace per file.

X-Ray's own SDK for Python does this too. It costs a cold start more than all else that is
imported here, gets no new features since February 2026 and is given up in February 2027, and
can't begin a trace inside of Lambda, which is what a file needs (ADR 27). What a function has to
do is little: send JSON documents by UDP to the daemon that Lambda runs beside it.

Documents carry names, times, identities and error codes. No content, and no message of an error,
since a service may quote what it was sent.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, NamedTuple, Protocol

from windfall.trace_header import NAME, TraceHeader

Handler = Callable[..., Any]
Document = dict[str, Any]

MOST_ALIKE = 40
"""Calls of one operation that an invocation tells singly; of more it tells how many there were.
A trace of an execution holds 100 KB for sure, and a call takes about 350 bytes."""
_ADDRESS = "AWS_XRAY_DAEMON_ADDRESS"
_PREAMBLE = b'{"format":"json","version":1}\n'
_NOT_FOUND, _THROTTLED = 404, 429
_CALL = "windfall.call"
_WANTED = "windfall.trace_header"


class Listener(Protocol):
    """Who is told."""

    def send(self, document: Document) -> None:
        """Take a segment."""
        ...


class Daemon:
    """Lambda's X-Ray daemon.

    Args:
        address: `127.0.0.1:2000`.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._socket: socket.socket | None = None

    def send(self, document: Document) -> None:
        """Send a segment; what can't be sent is lost, as nothing may fail for a trace."""
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        with suppress(OSError):
            body = json.dumps(document, separators=(",", ":")).encode()
            self._socket.sendto(_PREAMBLE + body, self._address)

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Span:
    """A part of a trace that is under way: an invocation, or the admission of a file.

    Args:
        header: The trace, and what the span is part of; at a trace's beginning, nothing.
        name: As it is shown.
        started: Seconds of the epoch.
    """

    def __init__(self, header: TraceHeader, name: str, started: float) -> None:
        self.header = header
        self.id = segment_id()
        self.name = name
        self.started = started
        self.annotations: dict[str, str] = {}
        self.parts: list[Document] = []
        self.error: BaseException | None = None
        self._lock = threading.Lock()
        self._alike: Counter[str] = Counter()

    def takes(self, operation: str) -> bool:
        """Whether one more call of an operation is told singly."""
        with self._lock:
            self._alike[operation] += 1
            return self._alike[operation] <= MOST_ALIKE

    def document(self, ended: float) -> Document:
        """The span, now that it has ended."""
        left_out = {
            operation: count - MOST_ALIKE
            for operation, count in self._alike.items()
            if count > MOST_ALIKE
        }
        document = _document(self.header, self.id, self.name, self.started, ended)
        if self.annotations:
            document["annotations"] = self.annotations
        if self.parts:
            document["subsegments"] = self.parts
        if left_out:
            document["metadata"] = {"windfall": {"left_out": left_out}}
        if self.error is not None:
            document |= {"fault": True, **_cause(type(self.error).__name__)}
        return document


class Call(NamedTuple):
    """A call to AWS that is under way."""

    span: Span
    id: str
    name: str
    operation: str
    started: float


class Tracer:
    """Tells a daemon what happens, or nobody.

    Args:
        daemon: Lambda's, as a rule; None where there is none.
        clock: Seconds of the epoch.
    """

    def __init__(self, daemon: Listener | None, clock: Callable[[], float] = time.time) -> None:
        self._daemon = daemon
        self._clock = clock
        self._span: Span | None = None  # of the process: Lambda runs one invocation at a time

    @classmethod
    def of_environment(cls) -> Tracer:
        """The tracer of a function."""
        address = os.environ.get(_ADDRESS)
        return cls(Daemon(address) if address else None)

    @property
    def is_on(self) -> bool:
        """Whether anybody is told."""
        return self._daemon is not None

    def capture_lambda_handler(
        self, *, capture_response: bool | None = None
    ) -> Callable[[Handler], Handler]:
        """Make a subsegment of every invocation; named as Powertools names it.

        Args:
            capture_response: What a handler answers is never told; it may be left out.
        """
        del capture_response

        def decorate(handler: Handler) -> Handler:
            @wraps(handler)
            def traced(event: Any, context: Any) -> Any:
                header = TraceHeader.of_invocation(os.environ)
                if self._daemon is None or header is None or not header.sampled:
                    return handler(event, context)
                with self._within(Span(header, handler.__name__, self._clock())):
                    self.annotate(**_about(event))
                    return handler(event, context)

            return traced

        return decorate

    @contextmanager
    def trace(self, root: str, name: str, began: float, *, sampled: bool) -> Iterator[None]:
        """A trace of its own, whatever the invocation is part of.

        Args:
            root: Its id.
            name: Of its first segment.
            began: When that began, in seconds of the epoch; from then until now it waited.
            sampled: Whether it is recorded.
        """
        invocation = TraceHeader.of_invocation(os.environ)
        header = TraceHeader(root, None, sampled, invocation.rest if invocation else ())
        now = self._clock()
        span = Span(header, name, min(began, now))
        span.parts = [{"id": segment_id(), "name": "queue", **_times(span.started, now)}]
        with self._within(span):
            yield

    @contextmanager
    def _within(self, span: Span) -> Iterator[None]:
        outer, self._span = self._span, span
        try:
            yield
        except BaseException as error:
            span.error = error
            raise
        finally:
            self._span = outer
            if span.header.sampled:
                self._tell(span.document(self._clock()))

    def annotate(self, **annotations: str | None) -> None:
        """Add what the trace is found by."""
        if self._span is not None:
            self._span.annotations |= {
                name: value for name, value in annotations.items() if value is not None
            }

    def follow(self, client: Any) -> Any:
        """A boto3 client whose calls are told from now on."""
        if self._daemon is not None:
            events = client.meta.events
            events.register("provide-client-params.sfn.StartExecution", self._wanted)
            events.register("before-call", self._begin)
            events.register("after-call", self._end)
            events.register("after-call-error", self._fail)
        return client

    def _wanted(self, params: Document, context: Document, **_: Any) -> None:
        context[_WANTED] = TraceHeader.parse(params.get("traceHeader", ""))

    def _begin(self, model: Any, params: Document, context: Document, **_: Any) -> None:
        span = self._span
        if span is None:
            return
        service, operation = model.service_model.endpoint_prefix, model.name
        parent = span.id
        if span.header.sampled and span.takes(f"{service}.{operation}"):
            call = Call(span, segment_id(), service, operation, self._clock())
            context[_CALL], parent = call, call.id
        wanted: TraceHeader | None = context.pop(_WANTED, None)
        header = wanted or span.header
        if header.root == span.header.root:
            header = header.under(parent)
        # botocore sends the invocation's own header, and Step Functions believes the request's
        # header rather than its body.
        params["headers"][NAME] = str(header._replace(rest=span.header.rest))

    def _end(self, http_response: Any, parsed: Document, context: Document, **_: Any) -> None:
        call: Call | None = context.pop(_CALL, None)
        if call is None:
            return
        answer, status = parsed.get("ResponseMetadata", {}), http_response.status_code
        document = self._document_of(call, answer.get("RequestId"), answer.get("RetryAttempts"))
        document["http"] = {"response": {"status": status}}
        # That something is not there is what was asked, as a rule: no error of the file's.
        if status >= 300 and status != _NOT_FOUND and "Error" in parsed:
            code = str(parsed["Error"].get("Code", status))
            document |= _failed(status, code)
        self._tell(document)

    def _fail(self, exception: BaseException, context: Document, **_: Any) -> None:
        call: Call | None = context.pop(_CALL, None)
        if call is not None:
            failure = {"fault": True, **_cause(type(exception).__name__)}
            self._tell(self._document_of(call) | failure)

    def _document_of(
        self, call: Call, request_id: str | None = None, retries: int | None = None
    ) -> Document:
        header = call.span.header.under(call.span.id)
        document = _document(header, call.id, call.name, call.started, self._clock())
        about = {"operation": call.operation, "request_id": request_id, "retries": retries or None}
        known = {name: value for name, value in about.items() if value is not None}
        return {**document, "namespace": "aws", "aws": known}

    def _tell(self, document: Document) -> None:
        if self._daemon is not None:
            self._daemon.send(document)


def segment_id() -> str:
    """An id for a segment: unique in its trace."""
    return secrets.token_hex(8)


def _document(header: TraceHeader, own: str, name: str, started: float, ended: float) -> Document:
    document: Document = {"id": own, "trace_id": header.root, "name": name}
    if header.parent is not None:
        document |= {"type": "subsegment", "parent_id": header.parent}
    return {**document, **_times(started, ended)}


def _times(started: float, ended: float) -> Document:
    return {"start_time": round(started, 4), "end_time": round(ended, 4)}


def _failed(status: int, code: str) -> Document:
    """How a refused call is told: by its code alone, for the message may quote content."""
    is_throttled = status == _THROTTLED or "Throttl" in code or "TooManyRequests" in code
    kind = "fault" if status >= 500 else "error"
    return {kind: True, **({"throttle": True} if is_throttled else {}), **_cause(code)}


def _cause(kind: str) -> Document:
    return {"cause": {"exceptions": [{"id": segment_id(), "type": kind}]}}


def _about(event: Any) -> dict[str, str]:
    """What a task's input says of itself: the feature that it finds, the language it makes."""
    if not isinstance(event, dict):
        return {}
    told = {"feature": event.get("feature"), "language": event.get("target", event.get("language"))}
    plain = {
        name: value.get(name) if isinstance(value, dict) else value for name, value in told.items()
    }
    return {name: value for name, value in plain.items() if isinstance(value, str)}


tracer = Tracer.of_environment()
"""Of this process."""
