"""One run: files are dropped, the cloud is killed, and at the end everything is looked at."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

from bench.chaos.figures import Aftermath, repeated, sales, started_twice
from bench.chaos.lives import Cloud, Dropper, outputs_of, wait_a_while

LIFE_SECONDS = (0.3, 8.0)
START_SECONDS = (0.2, 4.0)
STILLBORN = 0.25
"""How many lives are killed once more while they start."""
PATIENCE_SECONDS = 900.0


def run(folder: Path, kills: int, seed: int, files_a_kill: int = 4) -> dict[str, Any]:
    """All of it; the figures."""
    draw = random.Random(seed)
    cloud = Cloud(folder)
    begun = time.monotonic()
    cloud.start()
    cloud.wait_until_ready()
    stack = cloud.stack()
    outputs_of(stack)
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
    figures = _look(cloud, dropper.accepted, counted)
    cloud.end()
    figures |= {
        "seed": seed,
        "seconds": round(time.monotonic() - begun),
        "start_seconds_max": round(max(starts), 1),
        "processes_left": cloud.left_behind(),
    }
    return figures


def _look(cloud: Cloud, accepted: dict[str, str], kills: int) -> dict[str, Any]:
    aftermath = Aftermath(cloud.stack())
    left = aftermath.wait_until_quiet(PATIENCE_SECONDS)
    dropped = aftermath.dropped()
    there = {(one.key, one.version_id) for one in dropped}
    manifests = aftermath.manifests(dropped)
    sold = sales(cloud.folder)
    figures = {
        "kills": kills,
        "files_accepted": len(accepted),
        "files_in_the_inbox": len(dropped),
        "files_lost": sorted(
            key for key, version in accepted.items() if (key, version) not in there
        ),
        "files_not_ended": sorted(one.key for one in left),
        "files_without_manifest": sorted(
            one.key for one in dropped if one.file_id not in manifests
        ),
        "files_not_analyzed": {
            manifest.key: [f"{one.feature}: {one.reason}" for one in manifest.outcomes]
            for manifest in manifests.values()
            if manifest.status != "analyzed"
        },
        "features_failed": sorted(
            f"{one.feature}: {one.reason}"
            for manifest in manifests.values()
            for one in manifest.outcomes
            if one.status == "failed"
        ),
        "paid_calls": len(sold),
        "jobs_started_twice": started_twice(sold),
        "outcomes_written_twice": aftermath.outcomes_written_twice(),
        "calls_repeated": dict(repeated(sold)),
        "dead_letters_redriven": aftermath.given_back,
        "executions_left": aftermath.running(),
        "tokens_left": aftermath.parked(),
        "messages_left": aftermath.messages(),
    }
    aftermath.close()
    return figures


def failures(figures: dict[str, Any]) -> list[str]:
    """What must not be, and is."""
    forbidden = (
        *("files_lost", "files_not_ended", "files_without_manifest", "files_not_analyzed"),
        *("features_failed", "jobs_started_twice", "outcomes_written_twice"),
        *("executions_left", "tokens_left", "messages_left", "processes_left"),
    )
    return [f"{name}: {figures[name]}" for name in forbidden if figures[name]]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
