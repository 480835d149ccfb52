"""Admission and the records, killed at each step."""

from __future__ import annotations

from typing import Any

from record_insights.models import RecordRequest
from tests.fakes.world import World, execution_changed
from tests.unit.crashes.dying import Scenario
from windfall.contracts.translations import FolderTranslationRequested

TEXT = b"Windfall reads this letter."


def _fakes(world: World) -> list[Any]:
    found = [world.store, world.index, world.workflows, world.profiles, world.bus]
    return [*found, world.models, world.spending]


def _seen(world: World) -> object:
    """Rows, executions, what was spent, and which events there were; an event may come twice."""
    index = world.index
    return (
        sorted(map(repr, index.files.values())),
        sorted(map(repr, index.analyses.values())),
        sorted(map(repr, index.generations.items())),
        sorted(world.workflows.started),
        sorted({repr(event) for event in world.bus.events}),
        sorted(map(repr, world.spending.entries.items())),
    )


def admit_file() -> Scenario:
    """A file is begun."""
    world = World()
    message = world.drop("a.txt", TEXT)
    return Scenario(
        run=lambda delivery: bool(world.admitter.admit(message, redelivered=delivery > 0)),
        world=_fakes(world),
        paid=lambda: list(world.workflows.started),
        seen=lambda: _seen(world),
    )


def refuse_file() -> Scenario:
    """A file that no service takes."""
    world = World()
    message = world.drop("a.bin", b"\x00\x01\x02\x03")
    return Scenario(
        run=lambda delivery: bool(world.admitter.admit(message, redelivered=delivery > 0)),
        world=_fakes(world),
        seen=lambda: _seen(world),
    )


def record_insights() -> Scenario:
    """An analysis of two files ends."""
    world = World()
    world.admit_all(world.drop("a.txt", TEXT), world.drop("b.txt", TEXT))
    (plan,) = world.workflows.started.values()
    request = RecordRequest(analysis=plan, outcomes=[world.outcome(plan, "sentiment")])

    def run(_: int) -> None:
        world.insights_recorder.record(request)

    return Scenario(run=run, world=_fakes(world), seen=lambda: _seen(world))


def record_failure() -> Scenario:
    """An execution breaks off."""
    world = World()
    world.admit_all(world.drop("a.txt", TEXT), world.drop("b.txt", TEXT))
    (name,) = world.workflows.started
    event = execution_changed(name, "FAILED", error="States.Runtime", cause="No such state.")

    def run(_: int) -> None:
        world.failure_recorder.record(event)

    return Scenario(run=run, world=_fakes(world), seen=lambda: _seen(world))


def record_failure_of_a_folder() -> Scenario:
    """The translation of a folder breaks off; who asked may be told twice."""
    world = World()
    asked = FolderTranslationRequested(request="a", bucket="inbox", prefix="a/", targets=["es"])

    def run(_: int) -> None:
        world.break_off_folder(asked, "ABORTED")

    return Scenario(
        run=run,
        world=_fakes(world),
        seen=lambda: {repr(one) for one in world.bus.folders},
    )


SCENARIOS = {
    "admit_file": [admit_file, refuse_file],
    "record_insights": [record_insights],
    "record_failure": [record_failure, record_failure_of_a_folder],
}
