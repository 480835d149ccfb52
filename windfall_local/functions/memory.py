"""How much memory a process holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGESIZE")


def resident_bytes(pid: int) -> int:
    """The resident set of a process, 0 when it is gone."""
    if sys.platform == "linux":
        try:
            return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
        except (OSError, IndexError):
            return 0
    listing = subprocess.run(
        ["/bin/ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=False
    )
    return int(listing.stdout.strip() or 0) * 1024
