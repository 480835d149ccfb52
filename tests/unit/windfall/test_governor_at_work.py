"""The governor with a crowd around it, in time that is played: `bench.governor`, smaller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.governor.figures import failures, figures
from bench.governor.stage import SERVICE, Faults, Stage
from tests.fakes.leases import FakeLeaseTable
from windfall import governor
from windfall.governor import Free, Look, Steps, handing_out
from windfall.ports.leases import Room

RECORDINGS, SLOTS = 60, 15
FAULTS = Faults(deaths=0.03, aborts=0.2, lost=0.03, twice=0.1)


def play(faults: Faults, *, limit: int = SLOTS, seed: int = 0) -> dict[str, Any]:
    table = FakeLeaseTable()
    table.set_limit(SERVICE, limit)
    stage = Stage(table, RECORDINGS, SLOTS, faults, seed)
    stage.run()
    return figures(stage, table)


def test_a_crowd_is_served_in_order_and_no_slot_is_idle() -> None:
    run = play(Faults())
    assert failures(run) == []
    assert (run["done"], run["waited"]) == (RECORDINGS, RECORDINGS - SLOTS)
    assert run["most_jobs_at_once"] == SLOTS
    assert run["order"]["kendall_tau"] > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_whatever_dies_everybody_is_served_and_everything_given_back(seed: int) -> None:
    run = play(FAULTS, seed=seed)
    assert sum(run["faults"].values()) > 10
    assert [wrong for wrong in failures(run) if "idle" not in wrong] == []


def blind_release(holder: str, now: str) -> Steps:
    del now
    room: Room = yield Look()
    for lease in room.leases:
        if lease.holder == holder:
            yield Free(lease)
    return None


def hasty_reconciliation(now: str) -> Steps:
    room: Room = yield Look()
    for lease in room.leases:
        yield Free(lease)
    return (yield from handing_out(now))


@pytest.mark.parametrize(
    ("name", "wrong", "found"),
    [
        ("releasing", blind_release, "slots were idle while somebody waited"),
        ("reconciling", hasty_reconciliation, "the service refused a job"),
    ],
)
def test_a_governor_that_is_wrong_is_found(
    name: str, wrong: Callable[..., Steps], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governor, name, wrong)
    assert found in failures(play(Faults()))


def test_a_limit_beyond_the_quota_is_found() -> None:
    assert "the service refused a job" in failures(play(Faults(), limit=SLOTS + 2))
