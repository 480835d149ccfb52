"""reconcile_jobs: how many slots there are, who still needs one, and what is amiss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconcile_jobs.slots import SlotReconciler
from tests.fakes.jobs import FakeJobTable, FakeTokens, FakeTranscription
from tests.fakes.leases import FakeCensus, FakeLeaseTable, FakeQuotas, FakeSlotMeasurements
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import TransientError
from windfall.governor import Governor
from windfall.ports.leases import Lease, Waiter

GONE = Completion(error="NotFoundError", reason="The transcription job vanished.")


class StuckLeaseTable(FakeLeaseTable):
    """Its leases can not be renewed."""

    def renew(self, service: str, lease: Lease, due: str, *, used: bool) -> Lease | None:
        """Nothing comes of it."""
        raise TransientError("throttled")


class Stage:
    """The function in memory, and a recording `results-a` that holds a slot."""

    def __init__(self, leases: FakeLeaseTable | None = None) -> None:
        self.now = datetime(2026, 11, 23, 15, tzinfo=UTC)
        limits = {"transcribe": 1, "rekognition": 1}
        self.leases, self.quotas = leases or FakeLeaseTable(limit=1), FakeQuotas(limits)
        self.tokens, self.table, self.service = FakeTokens(), FakeJobTable(), FakeTranscription()
        self.census, self.measurements = FakeCensus("results-a"), FakeSlotMeasurements()
        self.broken: list[str] = []
        self.strange: list[tuple[str, set[str]]] = []
        governor = Governor(self.leases, self.tokens, clock=lambda: self.now)
        governor.take(JobId("transcribe", "results-a"), "x", timedelta(minutes=10))
        self.reconciler = SlotReconciler(
            leases=self.leases,
            governor=governor,
            quotas=self.quotas,
            table=self.table,
            services={"transcribe": self.service},
            census={"transcribe": self.census},
            measurements=self.measurements,
            prefix="results-",
            broken=lambda service, error: self.broken.append(service),
            strange=lambda service, jobs: self.strange.append((service, set(jobs))),
            clock=lambda: self.now,
        )
        self.leases.enqueue("transcribe", Waiter("results-b", "y", "since", frozenset({"b"})))

    def reconcile(self, *, later: timedelta = timedelta()) -> set[str]:
        self.now += later
        self.reconciler.reconcile()
        return {lease.holder for lease in self.leases.look("transcribe").leases}


def test_a_larger_quota_serves_who_waits() -> None:
    stage = Stage()
    assert stage.reconcile() == {"results-a"}
    assert stage.measurements.counts == {"transcribe": (1, 1, 0)}
    stage.quotas.limits["transcribe"] = 2
    assert stage.reconcile() == {"results-a", "results-b"}
    assert set(stage.tokens.told) == {"b"}


def test_a_due_job_is_asked_after_and_keeps_its_slot_while_it_runs() -> None:
    stage = Stage()
    assert stage.reconcile(later=timedelta(minutes=11)) == {"results-a"}
    stage.service.endings["results-a"] = GONE
    assert stage.reconcile(later=timedelta(minutes=14)) == {"results-a"}, "not due again"
    assert stage.reconcile(later=timedelta(minutes=2)) == {"results-b"}


def test_a_job_whose_end_is_written_gives_its_slot_back() -> None:
    stage = Stage()
    stage.table.complete(JobId("transcribe", "results-a"), Completion())
    assert stage.reconcile(later=timedelta(minutes=11)) == {"results-b"}


def test_a_service_that_can_not_say_leaves_the_slot_held() -> None:
    stage = Stage()
    stage.service.broken["results-a"] = TransientError("busy")
    assert stage.reconcile(later=timedelta(minutes=11)) == {"results-a"}


def test_a_job_that_runs_without_a_slot_is_drift() -> None:
    stage = Stage()
    stage.census.names |= {"results-unknown", "another-stack-1"}
    stage.reconcile()
    assert stage.measurements.counts["transcribe"] == (1, 1, 1)
    assert stage.strange == [("transcribe", {"results-unknown"})]


def test_a_lease_that_is_long_due_and_that_nobody_looked_after_is_drift() -> None:
    stage = Stage(StuckLeaseTable(limit=1))
    long_ago = "2026-11-23T14:00:00.000Z"
    stage.leases.take("rekognition", 0, Waiter("results-v.text", "z", ""), long_ago)
    stage.reconcile()
    assert stage.broken == ["rekognition"]
    assert stage.measurements.counts["rekognition"] == (1, 0, 1)
    assert stage.strange == [("rekognition", {"results-v.text"})]


def test_a_quota_that_is_not_told_leaves_the_limit_as_it_was() -> None:
    stage = Stage()
    stage.quotas.broken = TransientError("no answer")
    stage.quotas.limits["transcribe"] = 5
    assert stage.reconcile() == {"results-a"}
    assert "transcribe" in stage.broken
    assert stage.leases.look("transcribe").limit == 1
