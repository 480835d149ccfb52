"""Failures: an execution that broke off ends its files with a reason."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from record_insights.models import RecordRequest
from tests.fakes.hooks import CrashAfter, CrashError, Hook, Interleaver
from tests.fakes.world import FOLDER_MACHINE, RESULTS, World, execution_changed
from windfall import identity
from windfall.contracts.bus import FileFailed
from windfall.contracts.executions import ExecutionStatusEvent
from windfall.contracts.translations import FolderTranslationRequested, TranslationManifest
from windfall.errors import TransientError
from windfall.folder_recording import FolderRecorder

ROOT = Path(__file__).parents[3]
TEXT = b"Windfall reads this letter."
FOLDER = FolderTranslationRequested(
    request="letters", bucket="inbox", prefix="letters/", targets=["es"]
)


def running(*keys: str) -> tuple[World, str]:
    world = World()
    world.admit_all(*(world.drop(key, TEXT) for key in keys))
    (name,) = world.workflows.started
    return world, name


@pytest.mark.parametrize(
    ("status", "said"),
    [("FAILED", "failed"), ("TIMED_OUT", "longer than it may"), ("ABORTED", "stopped")],
)
def test_every_attached_file_fails_with_a_reason(status: str, said: str) -> None:
    world, name = running("a.txt", "b.txt")
    world.break_off(name, status, error="States.Runtime", cause="No such state.")

    for file_id in world.index.files:
        manifest = world.manifest(file_id)
        assert manifest.status == "failed"
        assert said in (manifest.reason or "")
        assert "No such state." in (manifest.reason or "")
    assert [type(event) for event in world.bus.events] == [FileFailed, FileFailed]


def test_lambdas_stack_trace_is_no_reason() -> None:
    world, name = running("a.txt")
    cause = {"errorMessage": "It broke.", "errorType": "TypeError", "stackTrace": ["x"] * 400}
    world.break_off(name, error="TypeError", cause=json.dumps(cause))
    assert world.only_manifest().reason == "The analysis failed (TypeError: It broke.)"


def test_what_was_paid_for_stands_in_the_manifest() -> None:
    world, name = running("a.txt")
    (plan,) = world.workflows.started.values()
    paid = world.outcome(plan, "sentiment")
    key = f"{plan.output.prefix}outcomes/sentiment.json"
    world.store.drop("results", key, paid.model_dump_json().encode())
    world.break_off(name)

    manifest = world.only_manifest()
    assert manifest.outcomes == [paid]
    assert [file.name for file in manifest.files] == ["sentiment.json"]


def test_a_recorded_analysis_is_not_failed_afterwards() -> None:
    world, name = running("a.txt")
    world.finish_all()
    done = world.break_off(name)

    assert done.startswith("ignored")
    assert world.only_manifest().status == "analyzed"


def test_an_older_attempt_fails_nothing() -> None:
    world, name = running("a.txt")
    world.break_off(name)
    world.admit_all(world.drop("b.txt", TEXT))
    world.break_off(name)

    statuses = {row.key: row.status for row in world.index.files.values()}
    assert statuses == {"a.txt": "failed", "b.txt": "analyzing"}


def test_a_crash_after_any_step_heals_when_the_event_comes_again() -> None:
    for operations in itertools.count(1):
        world, name = running("a.txt", "b.txt")
        crash = CrashAfter(operations)
        world.hook(crash)
        try:
            world.break_off(name)
        except CrashError:
            assert crash.crashed_at
        world.hook(Hook())
        world.break_off(name)

        assert {row.status for row in world.index.files.values()} == {"failed"}
        assert {row.announced for row in world.index.files.values()} == {True}
        (analysis,) = world.index.analyses.values()
        assert analysis.state == "failed"
        if crash.crashed_at is None:
            break


def test_a_failure_and_a_recording_at_once_end_each_file_once() -> None:
    for schedule in itertools.product((0, 1), repeat=9):
        world, name = running("a.txt")
        (plan,) = world.workflows.started.values()
        request = RecordRequest(analysis=plan, outcomes=[world.outcome(plan, "sentiment")])
        interleaver = Interleaver()
        world.hook(interleaver)
        actors = [
            lambda: world.insights_recorder.record(request),  # noqa: B023 - run at once
            lambda: world.break_off(name, "TIMED_OUT"),  # noqa: B023
        ]
        interleaver.run(actors, schedule)
        (row,) = world.index.files.values()
        assert row.status in {"analyzed", "failed"}
        assert row.announced


def test_other_executions_and_statuses_are_left_alone() -> None:
    world, name = running("a.txt")
    assert world.break_off("nightly-report").startswith("ignored")
    assert world.break_off(name, "SUCCEEDED").startswith("ignored")
    assert world.break_off(f"{'f' * 40}-1").startswith("ignored")


def test_a_long_cause_is_cut() -> None:
    world, name = running("a.txt")
    world.break_off(name, cause="x" * 50_000)

    assert len(world.only_manifest().reason or "") <= 1_000


@pytest.mark.parametrize(
    ("status", "said"),
    [("FAILED", "failed"), ("TIMED_OUT", "longer than it may"), ("ABORTED", "stopped")],
)
def test_who_asked_for_a_folder_hears_that_its_translation_broke_off(
    status: str, said: str
) -> None:
    world = World()
    assert world.break_off_folder(FOLDER, status).startswith("failed")
    (told,) = world.bus.folders
    assert (told.status, told.request, told.translations) == ("failed", FOLDER.request, 0)
    assert said in (told.reason or "")
    manifest = TranslationManifest.model_validate_json(world.store.read(told.manifest))
    assert (manifest.status, manifest.request) == ("failed", FOLDER)


def test_the_end_of_an_execution_is_told_once_though_it_is_heard_of_again() -> None:
    world = World()
    world.break_off_folder(FOLDER, "ABORTED")
    assert world.break_off_folder(FOLDER, "ABORTED").startswith("ignored")
    assert len(world.bus.folders) == 1


def test_a_folder_that_is_translated_is_not_failed_afterwards() -> None:
    world = World()
    name = identity.translation_id(FOLDER.model_dump(mode="json"))
    known = TranslationManifest(translation_id=name, request=FOLDER, status="translated")
    FolderRecorder(world.store, world.bus, RESULTS).record(known)
    assert world.break_off_folder(FOLDER, "ABORTED").startswith("translated")
    assert [told.status for told in world.bus.folders] == ["translated", "translated"]


def test_a_translation_that_is_recorded_at_the_same_moment_is_not_overwritten() -> None:
    world = World()
    name = identity.translation_id(FOLDER.model_dump(mode="json"))
    known = TranslationManifest(translation_id=name, request=FOLDER, status="translated")

    class Meanwhile(Hook):
        """Somebody asked again, and is answered now."""

        def before(self, operation: str) -> None:
            if operation == "write_if":
                world.hook(Hook())
                FolderRecorder(world.store, world.bus, RESULTS).record(known)

    world.hook(Meanwhile())
    with pytest.raises(TransientError):
        world.break_off_folder(FOLDER, "ABORTED")
    assert world.break_off_folder(FOLDER, "ABORTED").startswith("translated")
    assert {told.status for told in world.bus.folders} == {"translated"}


def test_a_folder_that_was_asked_for_wrongly_names_nobody_to_be_told() -> None:
    world = World()
    detail = {"stateMachineArn": FOLDER_MACHINE, "input": '{"request": "no folder"}'}
    assert world.break_off("any-name", "FAILED", **detail).startswith("ignored")
    assert world.bus.folders == []


def test_every_event_file_is_understood() -> None:
    for path in sorted((ROOT / "events/record_failure").glob("*.json")):
        event = ExecutionStatusEvent.model_validate_json(path.read_text("utf-8"))
        done = World().failure_recorder.record(event)
        assert done.startswith("failed" if "folder" in path.name else "ignored")
    assert execution_changed("a", "FAILED").detail.name == "a"
