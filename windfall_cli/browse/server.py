"""The page's own process: a socket of 127.0.0.1, a token, and a browser that is told of it."""

from __future__ import annotations

import contextlib
import html
import os
import secrets
import signal
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from windfall_cli.browse.application import make_application
from windfall_cli.browse.library import Library
from windfall_cli.console import console
from windfall_cli.errors import CommandError
from windfall_cli.home import data_dir

_HOST = "127.0.0.1"
_GRACE_SECONDS = 1
"""For answers that are on their way at Ctrl-C; a recording that is playing would hold it up."""


def serve(library: Library, port: int, *, open_browser: bool) -> None:
    """Serve the pages until Ctrl-C or SIGTERM.

    Args:
        library: What is shown.
        port: 0 takes a free one.
        open_browser: Show it in the user's browser.

    Raises:
        CommandError: The port is taken.
    """
    with listening(port) as listener:
        address, server = prepare(library, listener)
        console.print(f"Files and their insights: {address}", soft_wrap=True)
        console.print("Ctrl-C ends it.", style="dim")
        with contextlib.ExitStack() as until_the_end:
            if open_browser:
                until_the_end.enter_context(opened(address))
            until_the_end.enter_context(_ended_by_signals())
            server.run(sockets=[listener])


def prepare(library: Library, listener: socket.socket) -> tuple[str, uvicorn.Server]:
    """The address of the pages, with a token that nobody else knows, and their server."""
    token = secrets.token_urlsafe(24)
    port = listener.getsockname()[1]
    hosts = frozenset({f"{_HOST}:{port}", f"localhost:{port}"})
    config = uvicorn.Config(
        make_application(library, token, hosts),
        lifespan="off",
        log_level="critical",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return f"http://{_HOST}:{port}/{token}/", uvicorn.Server(config)


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket of this machine alone.

    Raises:
        CommandError: The port is taken, or not ours to take.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
            listener.listen()
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CommandError(
                f"The page can not listen at port {port}: {reason}",
                "windfall browse without --port takes a free one.",
            ) from error
        yield listener


@contextmanager
def opened(address: str, show: Callable[[str], object] = webbrowser.open) -> Iterator[None]:
    """The address in the browser, by way of a file that only this user can read.

    A browser's arguments are seen by everybody on the machine; the token must not be among them.

    Args:
        address: What is to be seen.
        show: Opens an address in the user's browser.
    """
    path = data_dir() / f"browse-{os.getpid()}.html"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = html.escape(address)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(
            f'<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0; url={target}">'
            f'<title>Windfall</title><a href="{target}">Windfall</a>'
        )
    try:
        # Without one that can be started the printed address is all there is.
        with contextlib.suppress(webbrowser.Error, OSError):
            show(path.absolute().as_uri())
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM both end it well: uvicorn raises them again when it has ended."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
