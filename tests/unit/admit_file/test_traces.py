"""Each file's trace: where it is written down, and whose an analysis is."""

from __future__ import annotations

from tests.fakes.world import INBOX, World, analysis_requested

TEXT = b"Windfall reads this letter."


def test_a_files_trace_stands_in_its_analysis_and_in_its_manifest() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (plan,) = world.workflows.started.values()
    row = world.index.analysis(plan.analysis_id)
    world.finish_all()

    manifest = world.only_manifest()
    assert row is not None
    assert row.subject.trace_id == plan.trace_id == manifest.trace_id == "trace of event-1"
    assert manifest.analysis_trace_id is None


def test_a_trace_is_found_by_the_files_ids_and_key() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    (plan,) = world.workflows.started.values()
    assert world.traces.traces["event-1"] == {
        "file_id": plan.file.file_id,
        "key": "a.txt",
        "analysis_id": plan.analysis_id,
    }


def test_a_file_that_joins_an_analysis_names_the_trace_in_which_that_ran() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", TEXT))
    world.store.drop(INBOX, "b.txt", TEXT)
    world.admit_all(analysis_requested("event-2", bucket=INBOX, key="b.txt"))
    world.finish_all()

    manifests = {one.key: one for one in map(world.manifest, world.index.files)}
    joined = manifests["b.txt"]
    assert (joined.trace_id, joined.analysis_trace_id) == ("trace of event-2", "trace of event-1")
    assert manifests["a.txt"].analysis_trace_id is None


def test_an_execution_that_a_redelivery_starts_again_is_in_the_trace_of_who_began_it() -> None:
    world = World()
    message = world.drop("a.txt", TEXT)
    world.admit_all(message)
    world.workflows.started.clear()
    world.admit_all(message, redelivered=True)
    (plan,) = world.workflows.started.values()
    assert plan.trace_id == "trace of event-1"


def test_a_file_that_is_turned_away_has_a_trace_too() -> None:
    world = World()
    world.admit_all(world.drop("a.bin", b"\x00\x01\x02"))
    assert world.only_manifest().trace_id == "trace of event-1"


def test_a_file_that_is_not_sampled_has_no_trace_to_look_for() -> None:
    world = World()
    world.traces.sampled = False
    world.admit_all(world.drop("a.txt", TEXT))
    world.finish_all()
    manifest = world.only_manifest()
    assert (manifest.trace_id, manifest.analysis_trace_id) == (None, None)
