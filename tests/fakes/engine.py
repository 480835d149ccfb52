"""An engine that dies when told to."""

from __future__ import annotations

import os
import sys


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
