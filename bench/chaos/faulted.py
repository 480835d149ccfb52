"""Files dropped into a local cloud whose services fail as AWS's do, and what became of them."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.chaos.files import File, make_file
from bench.chaos.lives import Cloud, outputs_of
from bench.chaos.looking import failures, look
from windfall_cli.dead_letters import DeadLetters
from windfall_cli.stack import Stack
from windfall_local.faults.faults import FILE
from windfall_local.faults.rules import Kind


class Trial(NamedTuple):
    """What goes wrong, and what that may do.

    Attributes:
        faults: As `windfall up --fault` takes them.
        files: How many are dropped.
        kinds: What is dropped, again and again.
        by_design: Figures that are not looked at: they are what was asked for.
        poison: Messages in the admission queue that nobody can read.
    """

    faults: Sequence[str]
    files: int
    kinds: Sequence[str] = ("text", "text", "image", "text", "recording")
    by_design: frozenset[str] = frozenset()
    poison: int = 0


_WRITTEN_TWICE = frozenset({"outcomes_written_twice"})
TRIALS = {
    "throttled": Trial(["*:*=throttle/3"], 10),
    "stores fail": Trial(
        [
            "s3:*=unavailable/4",
            "dynamodb:*=internal/4",
            "dynamodb:Transact*=conflict/5",
            "ssm:*=internal/4",
        ],
        10,
    ),
    "done, and not heard of": Trial(["*:*=lost/6"], 10, by_design=_WRITTEN_TWICE),
    "done twice": Trial(["*:*=twice/4"], 10, by_design=_WRITTEN_TWICE),
    "late": Trial(["sqs:*=late/2", "lambda:Invoke=late/3", "stepfunctions:*=late/3"], 10),
    "crashed at each step": Trial(["*:*=sweep"], 30),
    "stopped at each function": Trial(
        ["lambda:Invoke=stop"],
        24,
        kinds=("text", "recording", "image", "recording"),
        by_design=frozenset({"files_not_analyzed"}),
    ),
    "videos stopped at each function": Trial(
        ["lambda:Invoke=stop"],
        12,
        kinds=("video",),
        by_design=frozenset({"files_not_analyzed"}),
    ),
    "poisoned": Trial([], 5, poison=3),
}
PATIENCE_SECONDS = 600.0
REDELIVERED_AFTER_SECONDS = 5
"""On AWS a message of the admission queue comes again after eighteen minutes."""


def run(
    folder: Path,
    trial: Trial,
    seed: int,
    files: int | None = None,
    meanwhile: Callable[[Stack], None] = lambda _: None,
) -> dict[str, Any]:
    """Drop files, do something else meanwhile, and wait for their ends; the figures."""
    begun = time.monotonic()
    cloud = Cloud(folder, seed, trial.faults)
    cloud.start()
    cloud.wait_until_ready()
    stack = cloud.stack()
    outputs_of(stack)
    shorten_redelivery(stack)
    draw = random.Random(seed)
    kinds = [trial.kinds[n % len(trial.kinds)] for n in range(files or trial.files)]
    dropped = [make_file(number, kind, draw) for number, kind in enumerate(kinds)]
    _poison(stack, trial.poison)
    accepted = _drop(stack, dropped)
    meanwhile(stack)
    if trial.poison:
        _wait_for_letters(stack, trial.poison)
    figures = look(cloud, accepted, PATIENCE_SECONDS)
    cloud.end()
    injected = struck(folder)
    figures |= {"processes_left": cloud.left_behind()}
    wrong = [one for one in failures(figures) if one.partition(":")[0] not in trial.by_design]
    stopped = _stopped_at(folder)
    # The record is written all the same when the execution is stopped at it.
    least = sum("RecordInsights" not in function for function in stopped)
    if stopped and not least <= len(figures["files_not_analyzed"]) <= len(stopped):
        wrong.append(f"stopped at {stopped}: {figures['files_not_analyzed']}")
    return {
        "faults": list(trial.faults),
        "seed": seed,
        "faults_injected": sum(injected.values()) + trial.poison,
        "by_kind": _summed(injected, 0),
        "by_service": _summed(injected, 1),
        **({"stopped_at": stopped} if stopped else {}),
        **figures,
        "seconds": round(time.monotonic() - begun),
        "wrong": wrong,
    }


def _summed(injected: Counter[tuple[str, str]], place: int) -> dict[str, int]:
    found: Counter[str] = Counter()
    for names, count in injected.items():
        found[names[place]] += count
    return dict(found)


def struck(folder: Path) -> Counter[tuple[str, str]]:
    """The faults that there were, by kind and service."""
    return Counter((line["kind"], line["service"]) for line in _lines(folder))


def _stopped_at(folder: Path) -> list[str]:
    """The functions at which executions were stopped, by their states' names."""
    stopped = [line["function"] for line in _lines(folder) if line["kind"] == Kind.STOP]
    return sorted(name.split("-")[1].removesuffix("Function") for name in stopped)


def _lines(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / FILE).read_text().splitlines() if (folder / FILE).exists() else []
    return [json.loads(line) for line in lines]


def _queue(stack: Stack, name: str) -> str:
    sqs = stack.client("sqs")
    (url,) = (url for url in sqs.list_queues()["QueueUrls"] if f"-{name}-" in url)
    sqs.close()
    return str(url)


def shorten_redelivery(stack: Stack) -> None:
    """Let a message that was not handled come again soon."""
    sqs = stack.client("sqs")
    seconds = {"VisibilityTimeout": str(REDELIVERED_AFTER_SECONDS)}
    sqs.set_queue_attributes(QueueUrl=_queue(stack, "AdmissionQueue"), Attributes=seconds)
    sqs.close()


def _poison(stack: Stack, messages: int) -> None:
    sqs, queue = stack.client("sqs"), _queue(stack, "AdmissionQueue")
    for number in range(messages):
        sqs.send_message(QueueUrl=queue, MessageBody=f"{number} is no event")
    sqs.close()


def _wait_for_letters(stack: Stack, count: int) -> None:
    """Wait until so many dead letters of the admission lie there, and throw them away."""
    letters, sqs = DeadLetters(stack), stack.client("sqs")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while letters.waiting("AdmissionDeadLetterQueue") < count and time.monotonic() < deadline:
        time.sleep(0.5)
    assert letters.waiting("AdmissionDeadLetterQueue") == count, "the poison is not found"
    sqs.purge_queue(QueueUrl=_queue(stack, "AdmissionDeadLetterQueue"))
    sqs.close()


def _drop(stack: Stack, files: list[File]) -> dict[str, str]:
    s3, bucket = stack.client("s3"), stack.output("InboxBucketName")
    accepted = {}
    for file in files:
        answer = s3.put_object(Bucket=bucket, Key=file.key, Body=file.body, Metadata=file.metadata)
        accepted[file.key] = answer["VersionId"]
    s3.close()
    return accepted
