"""One run: files are dropped, the cloud is killed, and at the end everything is looked at."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

from bench.chaos.lives import Cloud, Dropper, outputs_of, wait_a_while
from bench.chaos.looking import let_unanswered_fail, look

LIFE_SECONDS = (0.3, 8.0)
START_SECONDS = (0.2, 4.0)
STILLBORN = 0.25
"""How many lives are killed once more while they start."""
PATIENCE_SECONDS = 900.0


def run(
    folder: Path, kills: int, seed: int, files_a_kill: int = 4, *, asked_once: bool = False
) -> dict[str, Any]:
    """All of it; the figures."""
    draw = random.Random(seed)
    cloud = Cloud(folder)
    begun = time.monotonic()
    cloud.start()
    cloud.wait_until_ready()
    stack = cloud.stack()
    outputs_of(stack)
    if asked_once:
        let_unanswered_fail(stack)
    dropper = Dropper(stack, random.Random(seed))
    starts: list[float] = []
    counted = 0
    with dropper.at_work():
        while True:
            dropper.want(files_a_kill)
            wait_a_while(draw.uniform(*LIFE_SECONDS))
            cloud.kill()
            cloud.start()
            killed_at_start = draw.random() < STILLBORN
            if killed_at_start:
                wait_a_while(draw.uniform(*START_SECONDS))
                cloud.kill()
                cloud.start()
            started = time.monotonic()
            cloud.wait_until_ready()
            starts.append(time.monotonic() - started)
            counted += 1 + killed_at_start
            _say(f"{counted} kills, {len(dropper.accepted)} files, up in {starts[-1]:.1f} s")
            if counted >= kills:
                break
    figures = {
        "kills": counted,
        **look(cloud, dropper.accepted, PATIENCE_SECONDS),
    }
    cloud.end()
    figures |= {
        "seed": seed,
        "seconds": round(time.monotonic() - begun),
        "start_seconds_max": round(max(starts), 1),
        "processes_left": cloud.left_behind(),
    }
    return figures


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
