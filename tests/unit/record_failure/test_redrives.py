"""Redrives: an execution that broke off goes on, and so do its files, unless they moved on."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

import pytest

from record_insights.models import RecordRequest
from tests.fakes.hooks import CrashAfter, CrashError, Hook, Interleaver
from tests.fakes.world import World
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.bus import FileAnalyzed, FileFailed
from windfall.errors import TransientError

TEXT = b"Windfall reads this letter."


def stopped(*keys: str) -> tuple[World, str, AnalysisInput]:
    """Files of one analysis whose execution somebody stopped."""
    world = World()
    world.admit_all(*(world.drop(key, TEXT) for key in keys))
    ((name, plan),) = world.workflows.started.items()
    world.break_off(name, "ABORTED")
    return world, name, plan


def record(world: World, plan: AnalysisInput, redrives: int = 1) -> None:
    """Let an execution that was redriven so often come to its record."""
    outcomes = [world.outcome(plan, "sentiment")]
    request = RecordRequest(analysis=plan, outcomes=outcomes, redrives=redrives)
    world.insights_recorder.record(request)


def until_done(act: Callable[[], object]) -> None:
    """Come again, as events and tasks do, where somebody else was at the same row."""
    while True:
        try:
            act()
        except TransientError:
            continue
        return


def statuses(world: World) -> dict[str, str]:
    return {row.key: row.status for row in world.index.files.values()}


def test_files_wait_again_and_are_analyzed() -> None:
    world, name, plan = stopped("a.txt", "b.txt")
    assert world.break_off(name, "RUNNING", redriveCount=1) == "redriven: 2 files"
    assert statuses(world) == {"a.txt": "analyzing", "b.txt": "analyzing"}

    record(world, plan)
    assert statuses(world) == {"a.txt": "analyzed", "b.txt": "analyzed"}
    for file_id in world.index.files:
        manifest = world.manifest(file_id)
        assert (manifest.status, manifest.attempt, manifest.reason) == ("analyzed", 1, None)
        assert [line.status for line in manifest.history] == ["analyzed"]
        assert world.index.shown(file_id) is not None
    told = [type(event) for event in world.bus.events]
    assert told == [FileFailed, FileFailed, FileAnalyzed, FileAnalyzed]


@pytest.mark.parametrize("heard", ["never", "late"])
def test_the_record_need_not_have_heard_of_the_redrive(heard: str) -> None:
    world, name, plan = stopped("a.txt")
    record(world, plan)
    if heard == "late":
        assert world.break_off(name, "RUNNING", redriveCount=1).startswith("ignored")
    assert statuses(world) == {"a.txt": "analyzed"}
    assert world.only_manifest().status == "analyzed"


def test_an_end_that_lies_before_the_redrive_ends_nothing_however_late_it_is_heard_of() -> None:
    world, name, plan = stopped("a.txt")
    world.break_off(name, "RUNNING", redriveCount=1)
    assert world.break_off(name, "ABORTED").startswith("ignored")
    assert statuses(world) == {"a.txt": "analyzing"}
    record(world, plan)
    assert world.break_off(name, "ABORTED").startswith("ignored")
    assert statuses(world) == {"a.txt": "analyzed"}


@pytest.mark.parametrize("heard", [True, False])
def test_an_execution_that_breaks_off_again_says_why_and_what_it_paid_for(heard: bool) -> None:
    world, name, plan = stopped("a.txt")
    if heard:
        world.break_off(name, "RUNNING", redriveCount=1)
    paid = world.outcome(plan, "sentiment")
    key = f"{plan.output.prefix}outcomes/sentiment.json"
    world.store.drop(plan.output.bucket, key, paid.model_dump_json().encode())
    world.break_off(name, "TIMED_OUT", redriveCount=1)

    manifest = world.only_manifest()
    assert manifest.outcomes == [paid]
    assert "longer than it may" in (manifest.reason or "")
    assert world.break_off(name, "TIMED_OUT", redriveCount=1).startswith("ignored")
    assert world.break_off(name, "RUNNING", redriveCount=1).startswith("ignored")
    assert statuses(world) == {"a.txt": "failed"}

    assert world.break_off(name, "RUNNING", redriveCount=2) == "redriven: 1 files"
    record(world, plan, redrives=2)
    assert statuses(world) == {"a.txt": "analyzed"}


def test_a_newer_attempt_stays() -> None:
    world, name, plan = stopped("a.txt")
    world.admit_all(world.drop("b.txt", TEXT))
    again = world.workflows.started[f"{plan.analysis_id}-2"]

    assert world.break_off(name, "RUNNING", redriveCount=1).startswith("ignored")
    record(world, plan)
    assert statuses(world) == {"a.txt": "failed", "b.txt": "analyzing"}
    world.finish(again)
    record(world, plan)
    assert world.break_off(name, "FAILED", redriveCount=1).startswith("ignored")
    assert statuses(world) == {"a.txt": "failed", "b.txt": "analyzed"}
    assert {world.manifest(file_id).status for file_id in world.index.files} == {
        "failed", "analyzed",
    }  # fmt: skip


def test_a_crash_after_any_step_heals_when_the_record_is_tried_again() -> None:
    for operations in itertools.count(1):
        world, _, plan = stopped("a.txt", "b.txt")
        crash = CrashAfter(operations)
        world.hook(crash)
        try:
            record(world, plan)
        except CrashError:
            assert crash.crashed_at
        world.hook(Hook())
        record(world, plan)

        assert set(statuses(world).values()) == {"analyzed"}
        assert {row.announced for row in world.index.files.values()} == {True}
        (analysis,) = world.index.analyses.values()
        assert analysis.state == "recorded"
        if crash.crashed_at is None:
            break


def test_the_word_of_a_redrive_and_its_record_at_once_end_each_file() -> None:
    for schedule in itertools.product((0, 1), repeat=9):
        world, name, plan = stopped("a.txt", "b.txt")
        interleaver = Interleaver()
        world.hook(interleaver)

        told = partial(world.break_off, name, "RUNNING", redriveCount=1)
        actors = [
            partial(until_done, partial(record, world, plan)),
            partial(until_done, told),
        ]
        interleaver.run(actors, schedule)
        assert set(statuses(world).values()) == {"analyzed"}, schedule
        assert {world.manifest(one).status for one in world.index.files} == {"analyzed"}


def test_a_file_that_comes_while_an_execution_is_redriven_is_analyzed_by_one_or_the_other() -> None:
    for schedule in itertools.product((0, 1), repeat=9):
        world, name, plan = stopped("a.txt")
        message = world.drop("b.txt", TEXT)
        interleaver = Interleaver()
        world.hook(interleaver)
        redriven = partial(world.break_off, name, "RUNNING", redriveCount=1)
        actors: list[Callable[[], object]] = [redriven, partial(world.admit_all, message)]
        try:
            interleaver.run(actors, schedule)
        except TransientError:
            world.hook(Hook())
            redriven()
        world.hook(Hook())
        record(world, plan)
        for started in list(world.workflows.started.values()):
            if started.attempt > 1:
                world.finish(started)
        found = statuses(world)
        newer = f"{plan.analysis_id}-2" in world.workflows.started
        assert found == {"a.txt": "failed" if newer else "analyzed", "b.txt": "analyzed"}, schedule
