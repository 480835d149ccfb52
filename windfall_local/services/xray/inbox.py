"""The X-Ray daemon beside a function: a UDP port where its documents come in."""

from __future__ import annotations

import contextlib
import socket

_PREAMBLE = b"\n"
_LARGEST = 65_535


class SegmentInbox:
    """A port on this machine that holds what was sent to it until it is emptied.

    The kernel keeps a few hundred documents: it is emptied after each invocation, and four times a
    second while one runs.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self._texts: list[str] = []

    @property
    def address(self) -> str:
        """`AWS_XRAY_DAEMON_ADDRESS` of the function."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def receive(self) -> None:
        """Take in what has come; a datagram has a line that says what it is, then a document."""
        with contextlib.suppress(BlockingIOError):
            while True:
                _, _, text = self._socket.recv(_LARGEST).partition(_PREAMBLE)
                self._texts.append(text.decode("utf-8", "replace"))

    def empty(self) -> list[str]:
        """The documents that came in."""
        self.receive()
        texts, self._texts = self._texts, []
        return texts

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()
