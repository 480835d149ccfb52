"""Files dropped into a local cloud whose services fail as AWS's do, and what became of them."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from bench.chaos.again import again
from bench.chaos.files import File
from bench.chaos.folders import Folders
from bench.chaos.lives import Cloud, outputs_of
from bench.chaos.looking import failures, let_unanswered_fail, look
from bench.chaos.redriving import redriven
from bench.chaos.stops import function_of, hurried, steps_of
from bench.chaos.supplies import Supplies
from bench.chaos.trials import Trial
from windfall_cli.dead_letters import DeadLetters
from windfall_cli.stack import Stack
from windfall_local.faults.faults import FILE
from windfall_local.faults.rules import Kind

PATIENCE_SECONDS = 600.0
REDELIVERED_AFTER_SECONDS = 5
"""On AWS a message of the admission queue comes again after eighteen minutes."""
_LAST = ("Record", "MergeTimeline")


def run(
    folder: Path,
    trial: Trial,
    seed: int,
    files: int | None = None,
    meanwhile: Callable[[Stack], None] = lambda _: None,
    *,
    asked_once: bool = False,
) -> dict[str, Any]:
    """Drop files, do something else meanwhile, and wait for their ends; the figures."""
    begun = time.monotonic()
    cloud = Cloud(folder, seed, trial.faults)
    cloud.start()
    cloud.wait_until_ready()
    stack = cloud.stack()
    outputs_of(stack)
    shorten_redelivery(stack)
    if asked_once:
        let_unanswered_fail(stack)
    supplies = Supplies(stack, random.Random(seed))
    kinds = [trial.kinds[n % len(trial.kinds)] for n in range(files or trial.files)]
    dropped = [supplies.file(number, kind) for number, kind in enumerate(kinds)]
    _poison(stack, trial.poison)
    folders = Folders(supplies, PATIENCE_SECONDS)
    with hurried(stack, trial.hurried), ExitStack() as limits:
        for service, jobs in trial.slots.items():
            limits.enter_context(supplies.deployment.limit(service, jobs))
        accepted = _drop(stack, dropped)
        folders.ask_for(trial.folders)
        meanwhile(stack)
        if trial.poison:
            _wait_for_letters(stack, trial.poison)
        figures = look(cloud, accepted, PATIENCE_SECONDS)
    figures["folders_not_translated"] = folders.not_translated()
    stopped = _stops(folder)
    broken = len(figures["files_not_analyzed"]) + len(figures["folders_not_translated"])
    if trial.again:
        figures["again"] = again(cloud, supplies, folders, accepted, PATIENCE_SECONDS)
    if trial.redriven:
        figures["redriven"] = redriven(cloud, supplies, folders, accepted, PATIENCE_SECONDS)
    wanted = steps_of(stack, trial.machines)
    supplies.close()
    cloud.end()
    injected = struck(folder)
    timed_out = broken if trial.hurried else 0
    figures |= {"processes_left": cloud.left_behind()}
    found = failures(figures, asked_once=asked_once)
    wrong = [one for one in found if one.partition(":")[0] not in trial.by_design]
    if not asked_once:
        wrong += _not_as_stopped(stopped, broken, bool(trial.hurried))
    stopped_at = sorted(stop.at for stop in _stops(folder))
    wrong += [f"never stopped at {step}" for step in sorted(wanted - set(stopped_at))]
    if trial.again:
        wrong += [f"asked for again, {one}" for one in failures(figures["again"])]
    if trial.redriven:
        wrong += [f"redriven, {one}" for one in failures(figures["redriven"])]
        # Nobody died: what was answered was kept.
        wrong += [f"redriven, repeated: {one}" for one in figures["redriven"]["calls_repeated"]]
    return {
        "faults": list(trial.faults),
        "seed": seed,
        "faults_injected": sum(injected.values()) + trial.poison + timed_out,
        "by_kind": _summed(injected, 0),
        "by_service": _summed(injected, 1),
        **({"stopped_at": stopped_at} if stopped_at else {}),
        **figures,
        "seconds": round(time.monotonic() - begun),
        "wrong": wrong,
    }


class _Stop(NamedTuple):
    """An execution that was stopped."""

    at: str
    """A function, by its state's name, or another call."""
    work: str
    """What the execution and those within it work for, by the name that they share."""


def _not_as_stopped(stopped: list[_Stop], broken: int, is_hurried: bool) -> list[str]:
    """Whether more or fewer broke off than were stopped, or none that had too little time."""
    if is_hurried:
        return [] if broken else ["nothing timed out"]
    # The record is written all the same when the execution is stopped at it, or on its way there.
    least = {stop.work for stop in stopped if not stop.at.startswith(_LAST)}
    told = sorted(stop.at for stop in stopped)
    return [] if len(least) <= broken <= len(stopped) else [f"{broken} broke off of {told}"]


def _summed(injected: Counter[tuple[str, str]], place: int) -> dict[str, int]:
    found: Counter[str] = Counter()
    for names, count in injected.items():
        found[names[place]] += count
    return dict(found)


def struck(folder: Path) -> Counter[tuple[str, str]]:
    """The faults that there were, by kind and service."""
    return Counter((line["kind"], line["service"]) for line in _lines(folder))


def _stops(folder: Path) -> list[_Stop]:
    return [
        _Stop(
            function_of(line["function"]) if "function" in line else line["operation"],
            line["caller"].rpartition("/")[2].partition("-")[0],
        )
        for line in _lines(folder)
        if line["kind"] in (Kind.STOP, Kind.STOP_AFTER)
    ]


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
