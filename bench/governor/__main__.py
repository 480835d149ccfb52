"""A thousand recordings at once and 250 slots of Transcribe, with and without faults.

    python -m bench.governor --seeds 10

The governor is the real one. Step Functions, Lambda, EventBridge and Transcribe are played in time
that is played too, with the latencies that stand in `stage.py`: assumptions, and said so. The table
is in memory, but for the last run: that one is smaller and takes every step at the local cloud's
DynamoDB, through the adapter that AWS gets.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from bench.governor.figures import failures, figures
from bench.governor.stage import SERVICE, Faults, Stage
from bench.results import spread, write_result
from tests.fakes.leases import FakeLeaseTable
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.ports.leases import LeaseTable
from windfall_local.cloud import LocalCloud
from windfall_local.threaded import cloud_in_thread

RECORDINGS, SLOTS = 1_000, 250
FAULTS = Faults(deaths=0.02, aborts=0.1, lost=0.01, twice=0.05)
SMALL = (200, 50)
"""Recordings and slots where each look is an HTTP request."""


def play(
    table: LeaseTable, recordings: int, slots: int, faults: Faults, seed: int
) -> dict[str, Any]:
    """One run."""
    table.set_limit(SERVICE, slots)
    stage = Stage(table, recordings, slots, faults, seed)
    stage.run()
    return figures(stage, table)


def measure(seeds: int) -> tuple[dict[str, Any], list[str]]:
    """Every run, and what was wrong."""
    calm = [play(FakeLeaseTable(), RECORDINGS, SLOTS, Faults(), seed) for seed in range(seeds)]
    rough = [play(FakeLeaseTable(), RECORDINGS, SLOTS, FAULTS, seed) for seed in range(seeds)]
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, dynamodb(Path(folder)) as table:
        stored = play(table, *SMALL, FAULTS, seed=0)
    stored["seconds_to_play"] = round(time.perf_counter() - begun, 1)
    wrong = [failure for run in (*calm, *rough, stored) for failure in failures(run)]
    found = {
        "seeds": seeds,
        "faults": FAULTS._asdict(),
        "calm": {"first": calm[0], "all": over(calm)},
        "with_faults": {"first": rough[0], "all": over(rough)},
        "with_faults_in_dynamodb": stored,
        "failures": wrong,
    }
    return found, wrong


def over(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """How the runs differ."""
    idle = [run["share_of_slot_time_while_somebody_waited"] for run in runs]
    return {
        "most_jobs_at_once": max(run["most_jobs_at_once"] for run in runs),
        "held_by_nobody": spread([one["held_by_nobody"] for one in idle], 6),
        "without_a_job": spread([one["without_a_job"] for one in idle], 6),
        "kendall_tau": spread([run["order"]["kendall_tau"] for run in runs], 4),
        "largest_displacement_in_places": spread(
            [run["order"]["largest_displacement_in_places"] for run in runs], 0
        ),
        "jobs_per_hour": spread([run["jobs_per_hour"] for run in runs], 0),
        "slots_held_at_the_end": sum(run["slots_held_at_the_end"] for run in runs),
        "waiting_at_the_end": sum(run["waiting_at_the_end"] for run in runs),
    }


@contextmanager
def dynamodb(folder: Path) -> Iterator[LeaseTable]:
    """The table as the application has it, in a local cloud."""
    with cloud_in_thread(folder) as cloud:
        client = _client(cloud)
        client.create_table(
            TableName="insights",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
        )
        yield DynamoLeaseTable("insights", client)
        client.close()


def _client(cloud: LocalCloud) -> Any:
    keys = cloud.keys.root
    return boto3.client(
        "dynamodb",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.governor")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each kind")
    found, wrong = measure(parser.parse_args().seeds)
    write_result("governor", found)
    if wrong:
        sys.exit("\n".join(sorted(set(wrong))))
