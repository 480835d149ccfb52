"""Kill the local cloud with -9 at random moments while files are dropped; see that nothing is lost.

    python -m bench.chaos --kills 100 --seed 1

One kill in four comes while the cloud still starts. At the end every file must have its manifest,
no job may have been started twice under its name, no feature finished twice, and nothing may be
left behind: no running execution, no parked token, no message, no process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.chaos.looking import failures
from bench.chaos.run import run
from bench.results import write_result

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.chaos")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keeps the data directory")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        home = chosen.folder or Path(made)
        home.mkdir(parents=True, exist_ok=True)
        found = run(home, chosen.kills, chosen.seed)
    write_result("chaos", found)
    if wrong := failures(found):
        sys.exit("\n".join(wrong))
