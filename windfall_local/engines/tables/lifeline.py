"""A process that ends with the one that started it, and takes its own children along."""

from __future__ import annotations

import os
import signal
import sys
import threading


def hold_on() -> None:
    """From here on, the end of standard input ends this process and every child of it.

    The parent holds the other end and writes nothing; when it is killed, the system closes it.
    """
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.killpg(0, signal.SIGKILL)
