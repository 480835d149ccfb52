"""Runs every bench, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHES = (
    "cold_start",
    "transitions",
    "language",
    "speech",
    "dubbing",
    "conversion",
    "vision",
    "inference",
    "scoring",
    "large_table",
    "training",
    "large_training",
    "video",
    "workflows",
    "governor",
    "journal",
    "chaos",
    "parked",
    "uploads",
    "backfill",
    "estimate",
    "chain",
    "emulators",
    "proofs",
)

if __name__ == "__main__":
    root = Path(__file__).parents[1]
    for name in BENCHES:
        sys.stderr.write(f"measuring {name} …\n")
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True, cwd=root)
