"""Files dropped into a local cloud whose services fail as AWS's do, and what became of them."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.chaos.figures import Aftermath
from bench.chaos.files import File, make_file
from bench.chaos.lives import Cloud, outputs_of
from bench.chaos.looking import look
from windfall_cli.stack import Stack
from windfall_local.faults.faults import FILE

FAULTS = {
    "throttled": ["*:*=throttle/3"],
    "stores fail": [
        "s3:*=unavailable/4",
        "dynamodb:*=internal/4",
        "dynamodb:Transact*=conflict/3",
        "ssm:*=internal/4",
    ],
    "done, and not heard of": ["*:*=lost/6"],
    "done twice": ["*:*=twice/4"],
    "crashed at each step": ["*:*=sweep"],
}
"""What goes wrong, by name."""
KINDS = ("text", "text", "image", "text", "recording")
"""What is dropped, again and again."""
PATIENCE_SECONDS = 600.0
REDELIVERED_AFTER_SECONDS = 5
"""On AWS a message of the admission queue comes again after eighteen minutes."""


def run(folder: Path, faults: list[str], seed: int, files: int) -> dict[str, Any]:
    """Drop files and wait for their ends; the figures."""
    begun = time.monotonic()
    cloud = Cloud(folder, seed, faults)
    cloud.start()
    cloud.wait_until_ready()
    stack = cloud.stack()
    outputs_of(stack)
    shorten_redelivery(stack)
    draw = random.Random(seed)
    dropped = [make_file(n, KINDS[n % len(KINDS)], draw) for n in range(files)]
    figures = look(cloud, _drop(stack, dropped), PATIENCE_SECONDS)
    cloud.end()
    injected = struck(folder)
    return {
        "faults": faults,
        "seed": seed,
        "faults_injected": sum(injected.values()),
        "by_kind": dict(Counter(kind for kind, _ in injected.elements())),
        "by_service": dict(Counter(service for _, service in injected.elements())),
        **figures,
        "seconds": round(time.monotonic() - begun),
        "processes_left": cloud.left_behind(),
    }


def shorten_redelivery(stack: Stack) -> None:
    """Let a message that was not handled come again soon."""
    aftermath = Aftermath(stack)
    sqs = aftermath.client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        if "AdmissionQueue" in url:
            seconds = str(REDELIVERED_AFTER_SECONDS)
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": seconds})
    aftermath.close()


def struck(folder: Path) -> Counter[tuple[str, str]]:
    """The faults that there were, by kind and service."""
    lines = (folder / FILE).read_text().splitlines() if (folder / FILE).exists() else []
    return Counter((line["kind"], line["service"]) for line in map(json.loads, lines))


def _drop(stack: Stack, files: list[File]) -> dict[str, str]:
    s3, bucket = stack.client("s3"), stack.output("InboxBucketName")
    accepted = {}
    for file in files:
        answer = s3.put_object(Bucket=bucket, Key=file.key, Body=file.body, Metadata=file.metadata)
        accepted[file.key] = answer["VersionId"]
    s3.close()
    return accepted
