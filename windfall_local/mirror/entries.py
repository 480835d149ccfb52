"""What the journal has: an entry is a line of JSON, and bytes.

Begin      a segment begins; with a new process, what others had received is receivable again
Request    a request that may change the stores, and its moment
Whole      a service as it is, where a request could not be answered again to the same effect
Told       the observers have heard of a request
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from windfall_local.api import Principal
from windfall_local.mirror.passing import Piece
from windfall_local.wire.message import HttpRequest

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Begin:
    """The first entry of a segment.

    Attributes:
        is_start: Whether a process starts with it; otherwise the last segment was long enough.
    """

    is_start: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """A call that observers will hear of.

    Attributes:
        call_id: Unique.
        principal: Who called.
    """

    call_id: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a store.

    Attributes:
        at: When it was answered; seconds since 1970.
        seed: What its ids were drawn with.
        service: botocore's name.
        operation: As the model names it.
        http: The request; its body is empty where `body` has it.
        observed: Given where observers want to hear of it.
        body: The file of a large body.
    """

    at: float
    seed: int
    service: str
    operation: str
    http: HttpRequest
    observed: Observed | None = None
    body: Piece | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A service's whole state, pickled."""

    service: str
    state: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """The observers have heard of a call."""

    call_id: str


Entry = Begin | Request | Whole | Told


def pack(entry: Entry) -> bytes:
    """An entry as bytes."""
    match entry:
        case Request():
            head, body = _describe(entry), b"" if entry.body else entry.http.body
        case Begin(is_start):
            head, body = {"kind": "begin", "format": FORMAT, "start": is_start}, b""
        case Whole(service, state):
            head, body = {"kind": "whole", "service": service}, state
        case Told(call_id):
            head, body = {"kind": "told", "call": call_id}, b""
    return b"\n".join((json.dumps(head).encode(), body))


def unpack(packed: bytes) -> Entry:
    """The entry that was packed.

    Raises:
        ValueError: It was written by another version of Windfall.
    """
    line, _, body = packed.partition(b"\n")
    head = json.loads(line)
    match head["kind"]:
        case "request":
            return _request(head, body)
        case "begin" if head["format"] == FORMAT:
            return Begin(head["start"])
        case "whole":
            return Whole(head["service"], body)
        case "told":
            return Told(head["call"])
    raise ValueError(f"unknown entry {line[:100]!r}")


def _describe(entry: Request) -> dict[str, Any]:
    http = entry.http
    head: dict[str, Any] = {
        "kind": "request",
        "at": entry.at,
        "seed": entry.seed,
        "service": entry.service,
        "operation": entry.operation,
        "method": http.method,
        "path": http.path,
        "query": http.query,
        "headers": http.headers,
    }
    if entry.body is not None:
        head["body"] = [entry.body.name, entry.body.size]
    if entry.observed is not None:
        head["call"] = entry.observed.call_id
        head["principal"] = asdict(entry.observed.principal)
    return head


def _request(head: dict[str, Any], body: bytes) -> Request:
    call_id = head.get("call")
    return Request(
        head["at"],
        head["seed"],
        head["service"],
        head["operation"],
        HttpRequest(head["method"], head["path"], head["query"], head["headers"], body),
        Observed(call_id, Principal(**head["principal"])) if call_id is not None else None,
        Piece(*head["body"]) if "body" in head else None,
    )
