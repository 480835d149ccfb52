"""Recording: manifest, rows and event, whole and once, whatever crashes."""

from __future__ import annotations

import contextlib
import itertools
import json
from pathlib import Path

import jsonschema
import pytest

from record_insights.models import RecordRequest
from tests.fakes.films import film
from tests.fakes.hooks import CrashAfter, CrashError, Hook
from tests.fakes.world import World, analysis_requested
from windfall import identity, keys
from windfall.contracts.bus import FileAnalyzed
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.manifest import MOST_HISTORY
from windfall.schemas import PUBLISHED, schema_of, text_of

ROOT = Path(__file__).parents[3]
TEXT = b"Windfall reads this letter."


def test_a_recorded_file_has_its_story_in_the_manifest() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all()

    manifest = world.only_manifest()
    assert (manifest.status, manifest.seconds) == ("analyzed", 10.0)
    assert [file.name for file in manifest.files] == ["sentiment.json"]
    (event,) = world.bus.events
    assert isinstance(event, FileAnalyzed)
    assert event.features == {"sentiment": "ok"}
    assert world.measurements.files == [("text", "analyzed")]
    assert world.measurements.features == [("sentiment", "ok")]
    assert world.measurements.seconds == [("text", 10.0)]


def test_what_admission_knew_to_be_missing_is_told_as_skipped() -> None:
    world = World()
    world.admit_all(world.drop("a.mp4", film()))
    (plan,) = world.workflows.started.values()
    unsupported = Outcome(
        feature="moderation",
        status=OutcomeStatus.SKIPPED,
        reason='UnsupportedError: {"errorType": "UnsupportedError", "errorMessage": "Not here."}',
    )
    world.insights_recorder.record(RecordRequest(analysis=plan, outcomes=[unsupported]))
    manifest = world.only_manifest()
    assert manifest.status == "analyzed"
    assert {one.feature: one.reason for one in manifest.outcomes} == {
        "moderation": "Not here.",
        "transcript": "The video has no sound track.",
    }


def test_what_an_analysis_cost_is_written_down_once() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (plan,) = world.workflows.started.values()
    paid = ServiceCall(service="comprehend", operation="DetectSentiment", count=1, units=3)
    outcome = Outcome(feature="sentiment", status=OutcomeStatus.OK, calls=[paid])
    for _ in range(2):
        world.insights_recorder.record(RecordRequest(analysis=plan, outcomes=[outcome]))

    (spent,) = world.spending.entries.values()
    assert (spent.cost, spent.features) == (0.0003, {"sentiment": 0.0003})
    assert (spent.day, spent.key, spent.profile) == (plan.received[:10], "a.txt", "default")
    assert world.only_manifest().outcomes[0].cost == 0.0003


def test_what_an_earlier_attempt_paid_for_is_not_paid_again() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (plan,) = world.workflows.started.values()
    plan = plan.model_copy(update={"reused": ["pii"]})
    call = ServiceCall(service="comprehend", operation="DetectSentiment", count=1, units=3)
    early, late = (
        Outcome(feature=name, status=OutcomeStatus.OK, calls=[call])
        for name in ("pii", "sentiment")
    )
    world.insights_recorder.record(RecordRequest(analysis=plan, outcomes=[early, late]))

    (spent,) = world.spending.entries.values()
    assert list(spent.features) == ["sentiment"]
    manifest = world.only_manifest()
    assert {outcome.cost for outcome in manifest.outcomes} == {0.0003}
    (line,) = manifest.history
    assert (line.ok, line.reused) == (2, 1)


def test_a_manifest_tells_every_attempt_and_why_it_was_made() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all("sentiment")
    request = {"bucket": "inbox", "key": "a.txt"}
    world.admit_all(analysis_requested("again", rerun=True, **request))
    (_, second) = world.workflows.started.values()
    world.finish(second)
    world.admit_all(analysis_requested("other", features=["pii"], targets=[], **request))
    (*_, third) = world.workflows.started.values()
    world.break_off(identity.execution_name(third.analysis_id, third.attempt))

    history = world.only_manifest().history
    assert [line.revision for line in history] == [1, 2, 3]
    assert [line.why.value for line in history] == ["dropped", "rerun", "settings_changed"]
    assert [line.status.value for line in history] == ["partial", "analyzed", "failed"]
    assert [(line.ok, line.failed) for line in history] == [(0, 1), (1, 0), (0, 0)]
    asked = world.only_manifest().asked
    assert asked is not None
    assert (asked.profile, asked.features, asked.targets) == (None, ["pii"], [])


def test_a_copy_tells_that_it_paid_for_nothing() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT), world.drop("b.txt", TEXT))
    world.finish_all()

    lines = [line for file in world.index.files for line in world.manifest(file).history]
    assert sorted((line.ok, line.reused) for line in lines) == [(1, 0), (1, 1)]


def test_a_manifest_from_before_there_was_a_history_begins_it() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all("sentiment")
    manifest = world.only_manifest()
    old = manifest.model_dump_json(exclude={"history", "asked"})
    world.store.drop("results", keys.manifest_key(manifest.file_id), old.encode())
    world.admit_all(analysis_requested(bucket="inbox", key="a.txt", rerun=True))
    (_, second) = world.workflows.started.values()
    world.finish(second)

    told = [(line.why.value, line.status.value) for line in world.only_manifest().history]
    assert told == [("dropped", "partial"), ("rerun", "analyzed")]


def test_a_recording_that_crashed_leaves_one_line_in_the_history() -> None:
    for operations in itertools.count(1):
        world = World()
        world.admit_all(world.drop("a.txt", TEXT))
        world.finish_all("sentiment")
        world.admit_all(analysis_requested(bucket="inbox", key="a.txt", rerun=True))
        (_, plan) = world.workflows.started.values()
        crash = CrashAfter(operations)
        world.hook(crash)
        with contextlib.suppress(CrashError):
            world.finish(plan)
        world.hook(Hook())
        world.finish(plan)

        history = world.only_manifest().history
        assert [line.revision for line in history] == [1, 2], crash.crashed_at
        if crash.crashed_at is None:
            break
    assert operations > 3


def test_a_long_history_keeps_its_latest_lines() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all("sentiment")
    for number in range(MOST_HISTORY):
        request = analysis_requested(str(number), bucket="inbox", key="a.txt", rerun=True)
        world.admit_all(request)
        (*_, plan) = world.workflows.started.values()
        world.finish(plan, "sentiment")

    history = world.only_manifest().history
    assert [line.revision for line in history] == list(range(2, MOST_HISTORY + 2))


def test_one_failed_feature_makes_a_file_partial() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (plan,) = world.workflows.started.values()
    result = world.finish(plan, "sentiment")

    assert result.model_dump() == {"manifests": 1, "status": "partial"}
    assert world.only_manifest().status == "partial"


def test_the_reason_of_a_failure_is_for_a_person() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (plan,) = world.workflows.started.values()
    cause = {"errorMessage": "It broke.", "errorType": "TypeError", "stackTrace": ["x"] * 400}
    reason = f"TypeError: {json.dumps(cause)}"[:1000]
    failed = Outcome(feature="sentiment", status=OutcomeStatus.FAILED, reason=reason)
    world.insights_recorder.record(RecordRequest(analysis=plan, outcomes=[failed]))

    (outcome,) = world.only_manifest().outcomes
    assert outcome.reason == "TypeError: It broke."


def test_working_folders_are_not_listed_as_results() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (plan,) = world.workflows.started.values()
    inner = ("parts/pii/1.json", "claims/pii/1/answer", "outcomes/pii.json")
    for name in (*inner, "0123456789ab/labels.json", "text.txt"):
        world.store.drop("results", plan.output.prefix + name, b"{}")
    world.finish(plan)

    assert [file.name for file in world.only_manifest().files] == ["sentiment.json", "text.txt"]


def test_a_crash_after_any_step_heals_when_the_task_is_tried_again() -> None:
    for operations in itertools.count(1):
        world = World()
        world.admit_all(world.drop("a.txt", TEXT), world.drop("b.txt", TEXT))
        (plan,) = world.workflows.started.values()
        request = RecordRequest(analysis=plan, outcomes=[world.outcome(plan, "sentiment")])
        crash = CrashAfter(operations)
        world.hook(crash)
        try:
            world.insights_recorder.record(request)
        except CrashError:
            shown = [world.index.shown(file_id) for file_id in world.index.files]
            assert all(seen is None or seen[1] for seen in shown), "half a generation is visible"
        world.hook(Hook())
        result = world.insights_recorder.record(request)

        assert result.manifests == 2
        assert all(world.index.shown(file_id) for file_id in world.index.files)
        assert {row.announced for row in world.index.files.values()} == {True}
        # Only a crash between the event and the note of it can tell the bus twice.
        told = 3 if crash.crashed_at == "publish" else 2
        assert len(world.bus.events) == told
        if crash.crashed_at is None:
            break
    assert operations > 12


def test_old_insights_stay_until_the_new_ones_are_whole() -> None:
    for operations in itertools.count(1):
        world = World()
        world.admit_all(world.drop("a.txt", TEXT))
        world.finish_all()
        (file_id,) = world.index.files
        world.admit_all(analysis_requested(bucket="inbox", key="a.txt", targets=[]))
        plan = list(world.workflows.started.values())[-1]
        request = RecordRequest(analysis=plan, outcomes=[world.outcome(plan, "sentiment")])
        crash = CrashAfter(operations)
        world.hook(crash)
        with contextlib.suppress(CrashError):
            world.insights_recorder.record(request)
        shown = world.index.shown(file_id)
        assert shown is not None
        assert shown[1]
        if crash.crashed_at is None:
            break


@pytest.mark.parametrize("failed", [(), ("sentiment",)])
def test_every_manifest_fits_the_published_schema(failed: tuple[str, ...]) -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT), world.drop("b.txt", TEXT), world.drop("c", b""))
    world.finish_all(*failed)

    schema = json.loads((ROOT / "docs/schemas/manifest.json").read_text("utf-8"))
    for file_id in world.index.files:
        manifest = json.loads(world.manifest(file_id).model_dump_json())
        jsonschema.validate(manifest, schema, cls=jsonschema.Draft202012Validator)
    for event in world.bus.events:
        name = {"FileAnalyzed": "file_analyzed", "FileRejected": "file_rejected"}[
            type(event).__name__
        ]
        jsonschema.validate(json.loads(event.model_dump_json()), schema_of(name))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_schemas_are_those_of_the_models(name: str) -> None:
    committed = (ROOT / f"docs/schemas/{name}.json").read_text("utf-8")
    assert committed == text_of(name), (
        "run: PYTHONPATH=layers/core/python python -m windfall.schemas docs/schemas"
    )
    jsonschema.Draft202012Validator.check_schema(json.loads(committed))


def test_every_event_file_is_understood() -> None:
    for path in sorted((ROOT / "events/record_insights").glob("*.json")):
        RecordRequest.model_validate_json(path.read_text("utf-8"))
