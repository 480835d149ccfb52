"""The body of a request, as the server hands it over (ASGI): whole, or block by block."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from windfall_local.api import ServiceError
from windfall_local.wire.message import HttpRequest

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

LARGEST_OBJECT = 5 * 1024**3
"""Bytes; S3's limit for one PutObject."""
LARGEST_REQUEST = 64 * 1024**2
"""Bytes; above every limit of the other services."""
_BLOCK = 1 << 20


def too_large(limit: int) -> ServiceError:
    """What is said of a body over a limit, in bytes."""
    return ServiceError(
        "EntityTooLarge", f"The request is larger than {limit:,} bytes.", status=413
    )


def announced_size(request: HttpRequest) -> int:
    """Bytes that a body will have, with its framing or without; 0 where it is not told."""
    headers = request.headers
    told = headers.get("content-length") or headers.get("x-amz-decoded-content-length") or "0"
    return int(told) if told.isdecimal() else 0


async def read_whole(receive: Receive, limit: int) -> bytes:
    """The whole body; beyond one piece, gathered without a second copy.

    Raises:
        ServiceError: It is larger than the limit, or the client went away.
    """
    message = await receive()
    first: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return first
    gathered = io.BytesIO()
    gathered.write(first)
    while message.get("more_body"):
        message = await _next(receive)
        gathered.write(message.get("body", b""))
        if gathered.tell() > limit:
            raise too_large(limit)
    # `getvalue` shares the buffer as long as nobody writes on.
    return gathered.getvalue()


async def blocks(receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes, in blocks that are worth a write.

    Raises:
        ServiceError: It is larger than the limit, or the client went away.
    """
    block, size, more = bytearray(), 0, True
    while more:
        message = await _next(receive)
        block += message.get("body", b"")
        more = bool(message.get("more_body"))
        if len(block) >= _BLOCK or not more:
            size += len(block)
            if size > limit:
                raise too_large(limit)
            yield bytes(block)
            block.clear()


async def _next(receive: Receive) -> MutableMapping[str, Any]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ServiceError("IncompleteBody", "The client went away.")
    return message
