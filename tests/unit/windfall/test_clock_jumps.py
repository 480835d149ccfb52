"""Slots, waiting tasks and reconciliation under a clock that jumps an hour, either way.

Recordings come, wait for one of two slots, run and end; some of the ends are never told. Between
any two steps the clock may jump. Whatever it says, no third job runs, and when it has calmed down
everybody was told and everything is given back.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from reconcile_jobs.logic import JobReconciler
from reconcile_jobs.slots import SlotReconciler
from tests.fakes.jobs import FakeJobTable, FakeTokens, FakeTranscription
from tests.fakes.leases import FakeCensus, FakeLeaseTable, FakeQuotas, FakeSlotMeasurements
from windfall.clock import timestamp
from windfall.contracts.audio import AudioPlan
from windfall.contracts.base import S3Pointer
from windfall.contracts.jobs import Completion, JobId
from windfall.governor import Governor
from windfall.ports.jobs import TranscriptionRequest
from windfall.rendezvous import Rendezvous

SLOTS = 2
JOBS = 12
STEPS = ("arrive", "go on", "go on", "go on", "end", "lose", "look", "jump")
JUMPS = (timedelta(hours=-1), timedelta(hours=1), timedelta(minutes=-3), timedelta(minutes=4))
PLAN = AudioPlan()
DONE = Completion(result={"status": "COMPLETED"})


@dataclass
class Recording:
    """An execution: it takes a slot, or awaits one, and waits for its job."""

    name: str
    since: str
    tries: int = 0
    at: str = "new"

    @property
    def token(self) -> str:
        """Of the task it is at."""
        return f"{self.name} {self.tries}"


class World:
    """Everything, and its clock."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.now = datetime(2026, 11, 23, 15, tzinfo=UTC)
        self.table, self.tokens = FakeJobTable(), FakeTokens()
        self.service, self.leases = FakeTranscription(), FakeLeaseTable(limit=SLOTS)
        self.governor = Governor(self.leases, self.tokens, self.clock)
        self.rendezvous = Rendezvous(self.table, self.tokens, self.clock, self.governor)
        services = {"transcribe": self.service}
        self.broken: list[object] = []
        self.jobs = JobReconciler(
            self.table,
            self.rendezvous,
            services,
            lambda job, error: self.broken.append(error),
            self.clock,
        )
        self.slots = SlotReconciler(
            leases=self.leases,
            governor=self.governor,
            quotas=FakeQuotas({"transcribe": SLOTS}),
            table=self.table,
            services=services,
            census={"transcribe": FakeCensus()},
            measurements=FakeSlotMeasurements(),
            prefix="",
            broken=lambda service, error: self.broken.append(error),
            strange=lambda *_: None,
            clock=self.clock,
        )
        self.recordings: list[Recording] = []

    def clock(self) -> datetime:
        """What time it is said to be."""
        return self.now

    def running(self) -> list[str]:
        """Jobs that have not ended."""
        return [name for name in self.service.requests if name not in self.service.endings]

    def arrive(self) -> None:
        """One more recording."""
        number = len(self.recordings)
        self.recordings.append(Recording(f"r{number:02}", timestamp(self.now)))

    def go_on(self, one: Recording) -> None:
        """Take the next step of an execution, as its machine does."""
        told = self.tokens.told.get(one.token)
        if one.at == "new" or (one.at == "waits for a slot" and told is not None):
            one.at, one.tries = "waits for its job", one.tries + 1
            self._submit(one)
        elif one.at == "waits for its job" and told is not None:
            if told.error is None:
                one.at = "done"
                return
            assert told.error == "SlotAwaitedError"
            one.at, one.tries = "waits for a slot", one.tries + 1
            self.governor.wait(JobId("transcribe", one.name), one.name, one.since, one.token)

    def _submit(self, one: Recording) -> None:
        place = S3Pointer(bucket="b", key=f"{one.name}.flac")
        request = TranscriptionRequest(one.name, place, "flac", PLAN, False, place)
        self.rendezvous.submit(
            JobId("transcribe", one.name),
            one.token,
            lambda: self.service.submit(request),
            timedelta(minutes=10),
            one.name,
        )

    def end_one(self, *, told: bool) -> None:
        """A job ends; its event comes, or never does."""
        running = self.running()
        if running:
            name = self.draw.choice(running)
            self.service.endings[name] = DONE
            if told:
                self.rendezvous.resume(JobId("transcribe", name), self.service)

    def reconcile(self) -> None:
        """The schedule comes by."""
        self.jobs.reconcile()
        self.slots.reconcile()

    def step(self) -> None:
        """Anything that may happen."""
        match self.draw.choice(
            ("arrive", "go on", "go on", "go on", "end", "lose", "look", "jump")
        ):
            case "arrive" if len(self.recordings) < JOBS:
                self.arrive()
            case "go on" if self.recordings:
                self.go_on(self.draw.choice(self.recordings))
            case "end":
                self.end_one(told=True)
            case "lose":
                self.end_one(told=False)
            case "look":
                self.reconcile()
            case "jump":
                self.now += self.draw.choice(JUMPS)
        self.now += timedelta(seconds=self.draw.randrange(60))
        assert len(self.running()) <= SLOTS, "more jobs run than may"

    def calm_down(self) -> None:
        """An honest clock from here on: everything ends."""
        while len(self.recordings) < JOBS:
            self.arrive()
        for _ in range(400):
            for one in self.recordings:
                self.go_on(one)
            self.end_one(told=self.draw.random() < 0.5)
            self.now += timedelta(minutes=5)
            self.reconcile()
            assert len(self.running()) <= SLOTS, "more jobs run than may"


@pytest.mark.parametrize("seed", range(60))
def test_nobody_waits_for_ever_and_no_third_job_runs(seed: int) -> None:
    world = World(seed)
    for _ in range(150):
        world.step()
    world.calm_down()

    assert {one.at for one in world.recordings} == {"done"}
    assert len(world.service.requests) == JOBS
    room = world.leases.look("transcribe")
    assert not room.leases
    assert not room.waiters
    assert not world.table.due
    assert not world.broken
