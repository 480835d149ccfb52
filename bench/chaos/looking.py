"""What is looked for at the end of a run, and what must not be there."""

from __future__ import annotations

from typing import Any

from bench.chaos.figures import Aftermath, repeated, sales, started_twice
from bench.chaos.jobs import bought_twice, endpoints_untold, jobs, still_running
from bench.chaos.lives import Cloud
from windfall_cli.stack import Stack

_UNANSWERED = "calls.unanswered"
"""Stands in the reason of a feature whose call may have been paid for."""


def look(cloud: Cloud, accepted: dict[str, str], patience_seconds: float) -> dict[str, Any]:
    """Wait until all is quiet, then count."""
    aftermath = Aftermath(cloud.stack())
    left = aftermath.wait_until_quiet(patience_seconds)
    dropped = aftermath.dropped()
    there = {(one.key, one.version_id) for one in dropped}
    manifests = aftermath.manifests(dropped)
    sold = sales(cloud.folder)
    named = jobs(cloud.stack())
    figures = {
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
        "jobs_started_twice": started_twice(sold) + bought_twice(named),
        "outcomes_written_twice": aftermath.outcomes_written_twice(),
        "calls_repeated": dict(repeated(sold)),
        "dead_letters_redriven": aftermath.given_back,
        "executions_left": aftermath.running(),
        "tokens_left": aftermath.parked(),
        "slots_left": aftermath.slots(),
        "messages_left": aftermath.messages(),
        "jobs_left": still_running(named),
        "endpoints_untold": endpoints_untold(cloud.stack(), manifests.values()),
    }
    aftermath.close()
    return figures


def let_unanswered_fail(stack: Stack) -> None:
    """Have every paid call made once at most: a profile says so for all that is dropped."""
    ssm, name = stack.client("ssm"), f"{stack.output('ProfilesPath')}/default"
    profile = '{"calls": {"unanswered": "fail"}}'
    ssm.put_parameter(Name=name, Value=profile, Type="String", Overwrite=True)
    ssm.close()


def failures(figures: dict[str, Any], *, asked_once: bool = False) -> list[str]:
    """What must not be, and is; who is asked once fails, and says why, but is not paid twice."""
    if asked_once:
        figures = figures | {
            "files_not_analyzed": [
                f"{key}: {told}"
                for key, told in figures["files_not_analyzed"].items()
                if not any(_UNANSWERED in one for one in told)
            ],
            "features_failed": [
                one for one in figures["features_failed"] if _UNANSWERED not in one
            ],
        }
    forbidden = (
        *(("calls_repeated",) if asked_once else ()),
        *("files_lost", "files_not_ended", "files_without_manifest", "files_not_analyzed"),
        *("features_failed", "jobs_started_twice", "outcomes_written_twice"),
        *("executions_left", "tokens_left", "slots_left", "messages_left", "processes_left"),
        *("jobs_left", "endpoints_untold", "folders_not_translated"),
    )
    return [f"{name}: {figures[name]}" for name in forbidden if figures.get(name)]
