"""reconcile_jobs: an execution whose end Step Functions failed to tell is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconcile_jobs.executions import ExecutionReconciler
from tests.fakes.executions import FakeBrokenExecutions, FakeFailureTold
from tests.fakes.world import execution_changed

NOW = datetime(2026, 11, 23, 14, 10, tzinfo=UTC)
OLD = "2026-11-23T13:00:00Z"


class Stage:
    """Two machines, of each of which an execution has broken off, and one an hour ago."""

    def __init__(self) -> None:
        a, b = execution_changed("a", "ABORTED"), execution_changed("b", "FAILED")
        self.executions = FakeBrokenExecutions(
            {"images": [a, a.model_copy(update={"time": OLD})], "texts": [b]}
        )
        self.failures = FakeFailureTold()
        self.broken: list[str] = []
        self.reconciler = ExecutionReconciler(
            self.executions,
            self.failures,
            ["images", "texts"],
            lambda machine, _: self.broken.append(machine),
            clock=lambda: NOW,
        )

    def told(self) -> list[str]:
        return [event.detail.name for event in self.failures.told]


def test_what_broke_off_lately_is_told_once_more() -> None:
    stage = Stage()
    assert stage.reconciler.reconcile(timedelta(minutes=20)) == 2
    assert stage.told() == ["a", "b"]


def test_a_machine_that_can_not_be_asked_about_holds_up_no_other() -> None:
    stage = Stage()
    stage.executions.busy.add("images")
    assert stage.reconciler.reconcile(timedelta(minutes=20)) == 1
    assert (stage.told(), stage.broken) == (["b"], ["images"])
