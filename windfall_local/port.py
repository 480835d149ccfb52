"""The port on 127.0.0.1 that the local cloud answers on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from windfall_local.gateway import Gateway

_KEEP_ALIVE = 75
"""Seconds that a connection may idle. Who asks just when it is closed gets no answer, and uvicorn's
own five are over soon for a client that waits for a job."""


def listen(port: int) -> socket.socket:
    """A socket that listens on a port; 0 takes a free one.

    Raises:
        OSError: The port is in use.
    """
    # The loop sends small pieces at once (TCP_NODELAY) only where it sees that it is TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def serve(gateway: Gateway, listener: socket.socket) -> tuple[uvicorn.Server, asyncio.Task[None]]:
    """Begin to answer."""
    server = _Server(
        uvicorn.Config(
            gateway,
            http="httptools",
            lifespan="off",
            access_log=False,
            proxy_headers=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=5,
        )
    )
    return server, asyncio.create_task(server.serve(sockets=[listener]), name="gateway")


async def stop_serving(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    """Answer what was asked, and end."""
    server.should_exit = True
    await serving


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the cloud decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
