"""Let everything go wrong that does on AWS, and see that nothing is lost; figures by kind of fault.

    python -m bench.chaos --kills 100 --seed 1 [--unanswered fail] [--only NAME …]

With names, only those are tried, and the figures of the others stay. With `--unanswered fail` a
profile has every paid call made once at most: no call may be repeated, and what fails says why.

1. The functions' logic is killed at each of its calls, before and after (seconds).
2. Files are dropped while the services throttle, fail, answer and are not heard, act twice, while
   functions die at each of their calls and executions are stopped at each function, and with
   messages that nobody can read (about a minute each).
3. The local cloud is killed with -9 at random moments while files are dropped; one kill in four
   comes while it still starts (20 to 40 seconds a kill).

At the end of each every file must have its manifest, no job may have been started twice under its
name, no feature finished twice, and nothing may be left behind: no running execution, no parked
token, no message, no process.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.chaos import faulted
from bench.chaos.looking import failures
from bench.chaos.run import run
from bench.chaos.steps import killed_at_each_step
from bench.chaos.trials import TRIALS
from bench.results import FOLDER, write_result

ASKED_ONCE = ", asked once"
STEPS, KILLS = "killed at each call", "killed with -9"


def tried(
    home: Path, kills: int, seed: int, only: list[str], files: int | None, *, asked_once: bool
) -> dict[str, Any]:
    """The figures of every trial, by its name."""
    found: dict[str, Any] = {}
    for name in [STEPS, *TRIALS, KILLS]:
        if only and name not in only:
            continue
        sys.stderr.write(f"{name} …\n")
        folder = home / name.replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        if name == STEPS:
            found[name] = killed_at_each_step(asked_once=asked_once)
        elif name == KILLS:
            figures = run(folder, kills, seed, asked_once=asked_once)
            wrong = failures(figures, asked_once=asked_once)
            found[name] = {**figures, "faults_injected": kills, "wrong": wrong}
        else:
            trial = TRIALS[name]
            found[name] = faulted.run(folder, trial, seed, files, asked_once=asked_once)
    return {f"{name}{ASKED_ONCE if asked_once else ''}": one for name, one in found.items()}


def _known() -> dict[str, Any]:
    known: dict[str, Any] = json.loads((FOLDER / "chaos.json").read_text())["figures"]["trials"]
    return known


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.chaos")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keeps the data directories")
    parser.add_argument("--files", type=int, help="for each trial, instead of its own number")
    parser.add_argument("--unanswered", choices=["repeat", "fail"], default="repeat")
    parser.add_argument("--only", nargs="*", default=[], help="names of trials")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        home = chosen.folder or Path(made)
        trials = tried(
            *(home, chosen.kills, chosen.seed, chosen.only, chosen.files),
            asked_once=chosen.unanswered == "fail",
        )
    is_all = not chosen.only and chosen.unanswered == "repeat"
    trials = ({} if is_all else _known()) | trials
    injected = {name: one["faults_injected"] for name, one in trials.items()}
    wrong = [f"{name}: {line}" for name, one in trials.items() for line in one["wrong"]]
    write_result("chaos", {"faults_injected": injected, "wrong": wrong, "trials": trials})
    if wrong:
        sys.exit("\n".join(wrong))
