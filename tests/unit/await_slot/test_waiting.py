"""await_slot: a job that found no slot waits for one, and each slot goes to who waits longest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from await_slot.logic import SlotAwaiter
from await_slot.models import AwaitSlotTask
from tests.fakes.jobs import FakeTokens
from tests.fakes.leases import FakeLeaseTable
from windfall.contracts.jobs import JobId
from windfall.governor import Governor


class Stage:
    """A service with two slots."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 15, tzinfo=UTC)
        self.leases, self.tokens = FakeLeaseTable(limit=2), FakeTokens()
        self.governor = Governor(self.leases, self.tokens, clock=lambda: self.now)

    def take(self, name: str) -> bool:
        job = JobId("transcribe", name)
        return self.governor.take(job, f"execution-{name}", timedelta(minutes=10))

    def wait(self, name: str, minute: int, token: str | None = None) -> None:
        task = AwaitSlotTask(
            token=token or f"token-{name}",
            service="transcribe",
            job=name,
            owner=f"execution-{name}",
            since=f"2026-11-23T14:{minute:02}:00.000Z",
        )
        SlotAwaiter(self.governor).begin(task)

    def release(self, name: str) -> None:
        self.governor.release(JobId("transcribe", name))

    @property
    def holders(self) -> set[str]:
        return {lease.holder for lease in self.leases.look("transcribe").leases}


@pytest.fixture
def full() -> Stage:
    stage = Stage()
    assert stage.take("a")
    assert stage.take("b")
    return stage


def test_a_job_that_finds_no_slot_is_refused_and_asking_twice_takes_one(full: Stage) -> None:
    assert not full.take("c")
    assert full.take("a")
    assert full.holders == {"a", "b"}


def test_a_slot_goes_to_who_waits_longest(full: Stage) -> None:
    full.wait("late", minute=30)
    full.wait("early", minute=10)
    full.release("a")
    assert set(full.tokens.told) == {"token-early"}
    assert full.holders == {"b", "early"}
    assert full.take("early")
    full.release("b")
    assert set(full.tokens.told) == {"token-early", "token-late"}


def test_who_comes_later_does_not_overtake_who_waits(full: Stage) -> None:
    full.wait("first", minute=10)
    full.leases.limit = 3
    assert not full.take("second")
    full.wait("second", minute=20)
    assert full.holders == {"a", "b", "first"}


def test_a_slot_that_was_freed_meanwhile_is_had_at_once(full: Stage) -> None:
    assert not full.take("c")
    full.release("a")
    full.wait("c", minute=10)
    assert set(full.tokens.told) == {"token-c"}


def test_who_stopped_waiting_is_passed_over(full: Stage) -> None:
    full.tokens.closed.add("token-gone")
    full.wait("gone", minute=10)
    full.wait("there", minute=20)
    full.release("a")
    assert full.holders == {"b", "there"}


def test_another_try_waits_in_the_place_of_the_first(full: Stage) -> None:
    full.wait("c", minute=10, token="first try")
    full.tokens.closed.add("first try")
    full.wait("d", minute=20)
    full.wait("c", minute=10, token="second try")
    full.release("a")
    assert set(full.tokens.told) == {"second try"}


def test_who_has_a_slot_and_was_not_told_is_told_by_whoever_comes_next(full: Stage) -> None:
    full.wait("c", minute=10)
    full.wait("d", minute=20)
    room = full.leases.look("transcribe")
    (ended,) = (lease for lease in room.leases if lease.holder == "a")
    full.leases.free("transcribe", ended, unchanged=False)
    full.leases.grant("transcribe", ended.slot, room.waiters[0], "2026-11-23T15:00:45.000Z")
    full.release("nobody")
    assert not full.tokens.told, "its function may be about to tell"
    full.now += timedelta(minutes=1)
    full.release("nobody")
    assert set(full.tokens.told) == {"token-c"}
    full.tokens.closed.add("token-c")
    full.now += timedelta(minutes=1)
    full.release("nobody")
    assert full.holders == {"b", "d"}, "who was told and did not come loses it"


def test_an_execution_that_broke_off_gives_back_what_it_does_not_use(full: Stage) -> None:
    full.wait("c", minute=10)
    full.release("a")
    assert full.holders == {"b", "c"}
    full.governor.abandon("execution-c")
    assert full.holders == {"b"}


def test_a_job_that_runs_keeps_its_slot_though_its_execution_broke_off(full: Stage) -> None:
    full.governor.abandon("execution-a")
    assert full.holders == {"a", "b"}
    full.now += timedelta(minutes=3)
    full.governor.reconcile("transcribe", lambda _: True)
    assert full.holders == {"a", "b"}


def test_a_job_that_was_never_submitted_gives_its_slot_back_when_it_is_due(full: Stage) -> None:
    full.wait("c", minute=10)
    full.governor.reconcile("transcribe", lambda _: False)
    assert full.holders == {"a", "b"}, "not due yet"
    full.now += timedelta(minutes=11)
    full.governor.reconcile("transcribe", {"a": False, "b": None}.get)
    assert full.holders == {"b", "c"}


@pytest.mark.parametrize("slot", [0, 1])
def test_fewer_slots_take_none_away_and_give_none_beyond(full: Stage, slot: int) -> None:
    full.wait("c", minute=10)
    full.leases.limit = 1
    first = next(one for one in full.leases.look("transcribe").leases if one.slot == slot)
    full.release(first.holder)
    assert full.holders == {"a", "b"} - {first.holder}
    for holder in full.holders:
        full.release(holder)
    assert full.holders == {"c"}


def test_a_service_without_a_quota_has_slots_without_end() -> None:
    stage = Stage()
    assert stage.governor.take(JobId("polly", "a"), "", timedelta(minutes=1))
    stage.governor.release(JobId("polly", "a"))
    assert stage.leases.leases == {}
