"""Engines that die when told to, are curious, or never end."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


class MortalEngine:
    """Runs in a process of its own, so nothing else dies with it."""

    def die(self) -> None:
        """End the process at once."""
        os._exit(1)

    def live(self) -> str:
        """Say so."""
        return "alive"


class CuriousEngine:
    """Tells what its process holds."""

    def main_file(self) -> str | None:
        """The file of the main module, as multiprocessing took it over."""
        return getattr(sys.modules.get("__mp_main__"), "__file__", None)

    def process(self) -> int:
        """The process's id."""
        return os.getpid()

    def hears_ctrl_c(self) -> bool:
        """Whether SIGINT reaches the process."""
        return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


class TirelessEngine:
    """Works until its process is ended."""

    def work(self, begun: Path) -> None:
        """Say that it began, and go on."""
        begun.touch()
        signal.pause()
