"""reconcile_jobs: what was never delivered is found out."""

from __future__ import annotations

from datetime import UTC, datetime

from reconcile_jobs.logic import JobReconciler
from tests.fakes.jobs import FakeJobTable, FakeTokens, FakeTranscription
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import TransientError
from windfall.rendezvous import Rendezvous

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
BEFORE, AFTER = "2026-11-23T14:30:00.000Z", "2026-11-23T15:30:00.000Z"
DONE = Completion(result={"status": "COMPLETED"})


class Stage:
    """The function in memory."""

    def __init__(self) -> None:
        self.table, self.tokens = FakeJobTable(), FakeTokens()
        self.service = FakeTranscription()
        self.broken: list[JobId] = []
        self.reconciler = JobReconciler(
            self.table,
            Rendezvous(self.table, self.tokens, clock=lambda: NOW),
            {"transcribe": self.service},
            lambda job, error: self.broken.append(job),
            clock=lambda: NOW,
        )

    def park(self, name: str, due: str = BEFORE, ending: Completion | None = None) -> JobId:
        job = JobId("transcribe", name)
        self.table.park(job, f"token-{name}", due)
        if ending is not None:
            self.service.endings[name] = ending
        return job


def test_a_job_whose_event_was_lost_is_resumed() -> None:
    stage = Stage()
    stage.park("lost", ending=DONE)
    assert stage.reconciler.reconcile().jobs == {"completed": 1}
    assert stage.tokens.told == {"token-lost": DONE}
    assert stage.reconciler.reconcile().jobs == {}


def test_a_job_that_vanished_fails_who_waits() -> None:
    stage = Stage()
    gone = Completion(error="NotFoundError", reason="The transcription job vanished.")
    stage.park("gone", ending=gone)
    assert stage.reconciler.reconcile().jobs == {"failed": 1}
    assert stage.tokens.told == {"token-gone": gone}


def test_a_job_that_still_runs_is_asked_after_later() -> None:
    stage = Stage()
    job = stage.park("long")
    assert stage.reconciler.reconcile().jobs == {"running": 1}
    assert stage.table.due == {job: "2026-11-23T15:15:00.000Z"}


def test_a_job_is_not_asked_after_before_it_is_due() -> None:
    stage = Stage()
    stage.park("fresh", AFTER, DONE)
    assert stage.reconciler.reconcile().jobs == {}


def test_a_job_that_can_not_be_asked_after_holds_up_no_other() -> None:
    stage = Stage()
    broken = stage.park("broken")
    stage.service.broken["broken"] = TransientError("busy")
    stage.park("other", ending=DONE)
    assert stage.reconciler.reconcile().jobs == {"not answered": 1, "completed": 1}
    assert stage.broken == [broken]
    assert list(stage.table.due) == [broken]
