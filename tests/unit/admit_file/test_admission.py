"""Admission: which files start what, once, whoever else comes and whatever crashes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from record_insights.models import RecordRequest
from tests.fakes.hooks import CrashAfter, CrashError, Hook, Interleaver
from tests.fakes.world import INBOX, RESULTS, World, analysis_requested, object_created
from windfall import identity
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.bus import FileAnalyzed, FileFailed, FileRejected
from windfall.contracts.outcome import Outcome
from windfall.errors import InvalidInputError

TEXT = b"Windfall reads this letter."


def test_a_dropped_text_starts_one_execution_named_by_bytes_and_settings() -> None:
    world = World()
    world.admit_all(world.drop("letters/mayo.txt", TEXT))

    ((name, plan),) = world.workflows.started.items()
    assert name == identity.execution_name(plan.analysis_id, 1)
    assert plan.kind == "text"
    assert plan.source.key == "letters/mayo.txt"
    assert plan.output.prefix == f"results/{plan.file.file_id}/"
    assert plan.received == "2026-11-23T14:00:00.000Z"
    assert world.index.files[plan.file.file_id].status == "analyzing"


def test_a_redelivered_event_starts_nothing_while_it_runs_and_after_it_ended() -> None:
    world = World()
    message = world.drop("a.txt", TEXT)
    world.admit_all(message)
    world.admit_all(message, redelivered=True)
    world.admit_all(message)
    world.finish_all()
    world.admit_all(message, redelivered=True)
    world.admit_all(message)

    assert len(world.workflows.started) == 1
    assert [type(event) for event in world.bus.events] == [FileAnalyzed]


def test_equal_bytes_and_settings_cost_one_analysis_and_end_both_files() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT), world.drop("b.txt", TEXT))
    world.finish_all()

    assert len(world.workflows.started) == 1
    manifests = [world.manifest(file_id) for file_id in world.index.files]
    assert {manifest.key for manifest in manifests} == {"a.txt", "b.txt"}
    owner = next(manifest for manifest in manifests if manifest.key == "a.txt")
    guest = next(manifest for manifest in manifests if manifest.key == "b.txt")
    assert (owner.reused_from, guest.reused_from) == (None, owner.file_id)
    assert guest.outcomes == owner.outcomes


def test_a_file_that_comes_after_the_recording_is_recorded_at_once() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all()
    (done,) = world.admit_all(world.drop("b.txt", TEXT))

    assert done.startswith("reused")
    assert len(world.workflows.started) == 1
    assert [event.key for event in world.bus.events] == ["a.txt", "b.txt"]
    assert all(world.index.shown(file_id) for file_id in world.index.files)


def test_results_that_are_gone_are_found_out_again() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all()
    (plan,) = world.workflows.started.values()
    world.store.delete(RESULTS, f"{plan.output.prefix}sentiment.json")
    world.admit_all(world.drop("b.txt", TEXT))

    again = list(world.workflows.started.values())[-1]
    assert (again.attempt, again.analysis_id) == (2, plan.analysis_id)
    assert again.output.prefix != plan.output.prefix


def test_other_bytes_or_other_settings_are_another_analysis() -> None:
    world = World()
    world.profiles.documents["es"] = '{"languages": {"targets": ["es"]}}'
    world.admit_all(
        world.drop("a.txt", TEXT),
        world.drop("b.txt", TEXT + b"!"),
        world.drop("es/a.txt", TEXT),
        world.drop("a.md", TEXT),
    )

    assert len(world.workflows.started) == 4


def test_after_a_failure_the_next_equal_file_tries_again_where_results_lie_already() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (name,) = world.workflows.started
    world.break_off(name)
    world.admit_all(world.drop("b.txt", TEXT))

    first, second = world.workflows.started.values()
    assert (second.analysis_id, second.attempt) == (first.analysis_id, 2)
    assert second.output == first.output
    world.finish(second)
    statuses = {row.key: row.status for row in world.index.files.values()}
    assert statuses == {"a.txt": "failed", "b.txt": "analyzed"}


@pytest.mark.parametrize("first_key", ["a.txt", "picture.txt"])
def test_every_interleaving_of_two_equal_files_costs_one_analysis(first_key: str) -> None:
    for schedule in itertools.product((0, 1), repeat=8):
        world = World()
        messages = [world.drop(first_key, TEXT), world.drop("b.txt", TEXT)]
        interleaver = Interleaver()
        world.hook(interleaver)
        interleaver.run([_admits(world, message) for message in messages], schedule)
        _ends_well(world, 2)


def test_every_interleaving_of_two_deliveries_of_one_event_costs_one_analysis() -> None:
    for schedule in itertools.product((0, 1), repeat=8):
        world = World()
        message = world.drop("a.txt", TEXT)
        interleaver = Interleaver()
        world.hook(interleaver)
        interleaver.run(
            [_admits(world, message), _admits(world, message, redelivered=True)], schedule
        )
        _ends_well(world, 1)


@settings(max_examples=150)
@given(schedule=st.lists(st.integers(0, 2), max_size=60))
def test_equal_files_may_come_at_any_moment_of_the_recording(schedule: list[int]) -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (plan,) = world.workflows.started.values()
    outcome = world.outcome(plan, "sentiment")
    messages = [world.drop("b.txt", TEXT), world.drop("c.txt", TEXT)]
    interleaver = Interleaver()
    world.hook(interleaver)
    actors = [_records(world, plan, outcome), *(_admits(world, message) for message in messages)]
    interleaver.run(actors, schedule)

    assert len(world.workflows.started) == 1
    assert {row.status for row in world.index.files.values()} == {"analyzed"}
    assert sorted(event.key for event in world.bus.events) == ["a.txt", "b.txt", "c.txt"]


@pytest.mark.parametrize("body", [TEXT, b"", b"\x89PNG\r\n\x1a\nbroken"])
def test_a_crash_after_any_step_heals_on_redelivery(body: bytes) -> None:
    for operations in itertools.count(1):
        world = World()
        message = world.drop("a.txt", body)
        crash = CrashAfter(operations)
        world.hook(crash)
        try:
            world.admitter.admit(message)
        except CrashError:
            assert crash.crashed_at is not None
        world.hook(Hook())
        world.admitter.admit(message, redelivered=True)
        world.finish_all()

        (row,) = world.index.files.values()
        assert row.announced, f"crashed at {crash.crashed_at}"
        assert row.status == world.manifest(row.file_id).status != "analyzing"
        assert len(world.workflows.started) == (1 if body == TEXT else 0)
        if crash.crashed_at is None:
            break
    assert operations > 2


def test_a_crash_while_a_late_file_is_recorded_heals_on_redelivery() -> None:
    for operations in itertools.count(1):
        world = World()
        world.admit_all(world.drop("a.txt", TEXT))
        world.finish_all()
        message = world.drop("b.txt", TEXT)
        crash = CrashAfter(operations)
        world.hook(crash)
        try:
            world.admitter.admit(message)
        except CrashError:
            shown = [world.index.shown(file_id) for file_id in world.index.files]
            assert all(seen is None or seen[1] for seen in shown), "half a generation is visible"
        world.hook(Hook())
        world.admitter.admit(message, redelivered=True)

        assert {row.status for row in world.index.files.values()} == {"analyzed"}
        assert all(row.announced for row in world.index.files.values())
        if crash.crashed_at is None:
            break
    assert operations > 5


@pytest.mark.parametrize(
    "key", ["with space.txt", "a+b=c&d?.txt", "größe/文件 📷.txt", "../../etc/passwd", "k" * 1024]
)
def test_any_key_is_fine(key: str) -> None:
    world = World()
    world.admit_all(world.drop(key, TEXT))

    (plan,) = world.workflows.started.values()
    assert (plan.file.key, plan.source.key) == (key, key)
    assert ".." not in plan.output.prefix


def test_versions_of_a_key_are_files_of_their_own() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT), world.drop("a.txt", b"another letter"))

    assert len(world.index.files) == 2


def test_without_versions_the_sequencer_tells_files_apart() -> None:
    world = World()
    world.store.drop("plain", "a.txt", TEXT)
    world.admit_all(
        object_created("a.txt", None, bucket="plain", sequencer="01"),
        object_created("a.txt", None, bucket="plain", sequencer="02"),
        object_created("a.txt", None, bucket="plain", sequencer="02"),
    )

    assert len(world.index.files) == 2
    assert len(world.workflows.started) == 1


def test_an_object_that_is_gone_is_rejected_once_and_not_tried_again() -> None:
    world = World()
    message = object_created("a.txt")
    world.admit_all(message, message)

    manifest = world.only_manifest()
    assert manifest.status == "rejected"
    assert "gone" in (manifest.reason or "")
    assert [type(event) for event in world.bus.events] == [FileRejected]


def test_an_event_redelivered_after_its_object_was_deleted_changes_nothing() -> None:
    world = World()
    message = world.drop("a.txt", TEXT)
    world.admit_all(message)
    world.finish_all()
    world.store.delete(INBOX, "a.txt")
    world.admit_all(message)

    assert world.only_manifest().status == "analyzed"


def test_results_and_folder_markers_start_nothing() -> None:
    world = World()
    world.admit_all(
        object_created("results/x/working.png", None, bucket=RESULTS),
        object_created("receipts/", size=0),
    )

    assert not world.index.files
    assert not world.bus.events


def test_a_request_for_a_result_is_rejected() -> None:
    world = World()
    world.store.drop(RESULTS, "results/x/text.txt", TEXT)
    world.admit_all(analysis_requested(bucket=RESULTS, key="results/x/text.txt"))

    assert world.only_manifest().status == "rejected"
    assert not world.workflows.started


@pytest.mark.parametrize("body", ["no json", "[]", '{"source": "aws.s3"}', "{}"])
def test_a_message_that_is_no_event_is_an_error_of_its_own(body: str) -> None:
    with pytest.raises(InvalidInputError):
        World().admitter.admit(body)


def test_a_request_analyzes_an_object_of_any_bucket_as_it_asks() -> None:
    world = World()
    world.store.drop("any", "a.txt", TEXT)
    world.admit_all(analysis_requested(bucket="any", key="a.txt", features=["pii"], targets=["fr"]))

    (plan,) = world.workflows.started.values()
    assert plan.text is not None
    assert [item.feature for item in plan.text.features] == ["pii"]
    assert [item.language for item in plan.text.languages] == ["fr"]


def test_a_request_for_a_dropped_file_is_the_same_file_and_costs_nothing_new() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all()
    world.admit_all(analysis_requested(bucket=INBOX, key="a.txt"))

    assert len(world.index.files) == len(world.workflows.started) == 1


def test_a_request_with_other_settings_replaces_the_insights_whole() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all()
    (file_id,) = world.index.files
    world.admit_all(analysis_requested(bucket=INBOX, key="a.txt", targets=[]))
    assert world.index.shown(file_id) is not None
    first, second = world.workflows.started.values()
    world.finish(second)

    assert second.output.prefix.startswith(first.output.prefix)
    assert second.output.prefix != first.output.prefix
    assert [generation for _, generation in world.index.generations] == ["00000002"]
    assert world.manifest(file_id).analysis_id == second.analysis_id


def test_the_slower_of_two_analyses_of_a_file_does_not_win() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.admit_all(analysis_requested(bucket=INBOX, key="a.txt", targets=[]))
    first, second = world.workflows.started.values()
    world.finish(second)
    world.finish(first)

    assert world.only_manifest().analysis_id == second.analysis_id
    assert len(world.bus.events) == 1


def test_rerun_begins_a_new_attempt_once_per_request() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all("sentiment")
    assert world.only_manifest().status == "partial"
    again = analysis_requested(bucket=INBOX, key="a.txt", rerun=True)
    world.admit_all(again, again)
    first, second = world.workflows.started.values()
    world.finish(second)
    world.admit_all(again)

    assert (first.attempt, second.attempt) == (1, 2)
    assert first.output == second.output
    assert world.only_manifest().status == "analyzed"
    assert len(world.workflows.started) == 2


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"features": ["smell"]}, "features"),
        ({"targets": ["!"]}, "targets"),
        ({"colour": "red"}, "colour"),
        ({"profile": "missing"}, "missing"),
    ],
)
def test_a_wrong_request_is_rejected_and_says_what_is_wrong(
    detail: dict[str, Any], said: str
) -> None:
    world = World()
    world.drop("a.txt", TEXT)
    world.admit_all(analysis_requested(bucket=INBOX, key="a.txt", **detail))

    assert said in (world.only_manifest().reason or "")
    assert not world.workflows.started


def test_a_wrong_request_leaves_insights_as_they_are() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all()
    world.admit_all(analysis_requested(bucket=INBOX, key="a.txt", profile="missing"))

    assert world.only_manifest().status == "analyzed"
    assert isinstance(world.bus.events[-1], FileRejected)


def test_a_wrong_profile_fails_the_file_and_names_the_field() -> None:
    world = World()
    world.profiles.documents["default"] = '{"image": {"min_confidence": 400}}'
    world.admit_all(world.drop("a.txt", TEXT))

    manifest = world.only_manifest()
    assert manifest.status == "failed"
    assert "image.min_confidence" in (manifest.reason or "")
    assert isinstance(world.bus.events[-1], FileFailed)


def test_a_file_that_failed_by_its_profile_can_be_asked_for_again() -> None:
    world = World()
    world.profiles.documents["default"] = "{"
    world.admit_all(world.drop("a.txt", TEXT))
    world.profiles.documents.clear()
    world.admit_all(analysis_requested(bucket=INBOX, key="a.txt"))
    world.finish_all()

    assert world.only_manifest().status == "analyzed"


def test_every_event_file_is_understood() -> None:
    folder = Path(__file__).parents[3] / "events" / "admit_file"
    for path in sorted(folder.glob("*.json")):
        for record in json.loads(path.read_text("utf-8"))["Records"]:
            done = World().admitter.admit(record["body"])
            assert done.startswith(("rejected", "ignored: there is no such file")), path.name


def _admits(world: World, message: str, redelivered: bool = False) -> Any:
    return lambda: world.admitter.admit(message, redelivered=redelivered)


def _records(world: World, plan: AnalysisInput, outcome: Outcome) -> Callable[[], object]:
    return lambda: world.insights_recorder.record(RecordRequest(analysis=plan, outcomes=[outcome]))


def _ends_well(world: World, files: int) -> None:
    assert len(world.workflows.started) == 1
    world.hook(Hook())
    world.finish_all()
    assert len(world.index.files) == files
    assert {row.status for row in world.index.files.values()} == {"analyzed"}
    assert len(world.bus.events) == files
