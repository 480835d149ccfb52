"""What a run shows: never one job too many, no slot idle, a fair order, everything given back."""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

from bench.governor.stage import SERVICE, Change, Execution, Stage
from bench.results import spread
from windfall.ports.leases import LeaseTable

MOST_IDLE = 0.02
"""Of the slot time that nobody holds while somebody waits: from a slot's end to its next grant."""


class Idle(NamedTuple):
    """Slot-seconds while somebody waited: all of them, those not held, those without a job."""

    watched: float
    not_held: float
    without_job: float


def figures(stage: Stage, table: LeaseTable) -> dict[str, Any]:
    """The figures of a run."""
    everything = list(stage.executions.values())
    started = [one for one in everything if one.started is not None]
    waited = [one for one in started if one.waited is not None and not one.stopped]
    idle = idle_slots(stage.changes, stage.slots)
    last = max(one.ended or 0.0 for one in started)
    work = sum(one.length for one in started)
    room = table.look(SERVICE)
    return {
        "recordings": len(everything),
        "slots": stage.slots,
        "done": sum(one.ended is not None and not one.stopped for one in everything),
        "stopped": sum(one.stopped for one in everything),
        "faults": dict(stage.counted.most_common()),
        "most_jobs_at_once": stage.most_running,
        "slots_held_at_the_end": len(room.leases),
        "waiting_at_the_end": len(room.waiters),
        "waited": len(waited),
        "share_of_slot_time_while_somebody_waited": {
            "held_by_nobody": round(idle.not_held / idle.watched, 6),
            "without_a_job": round(idle.without_job / idle.watched, 6),
        },
        "order": {
            "kendall_tau": round(kendall_tau(waited), 4),
            "largest_displacement_in_places": largest_displacement(waited),
        },
        "minutes_in_queue": spread(
            [((one.started or 0) - (one.waited or 0)) / 60 for one in waited]
        ),
        "minutes_to_the_last_end": round(last / 60, 2),
        "minutes_if_no_slot_were_ever_idle": round(work / stage.slots / 60, 2),
        "jobs_per_hour": round(len(started) / last * 3600),
        "read_units_per_job": round(sum(stage.units.values()) / len(started)),
        "read_units_in_the_busiest_second": max(stage.units.values()),
        "table_calls_per_job": round(sum(stage.calls.values()) / len(started), 1),
        "table_calls": dict(stage.calls.most_common()),
    }


def failures(run: dict[str, Any]) -> list[str]:
    """What must not be."""
    idle = run["share_of_slot_time_while_somebody_waited"]["held_by_nobody"]
    open_ends = run["recordings"] - run["done"] - run["stopped"]
    checks = {
        "more jobs ran than there are slots": run["most_jobs_at_once"] > run["slots"],
        "the service refused a job": "jobs refused by the service" in run["faults"],
        "slots were idle while somebody waited": idle > MOST_IDLE,
        "slots are held for ever": run["slots_held_at_the_end"] > 0,
        "somebody waits for ever": run["waiting_at_the_end"] > 0 or open_ends > 0,
    }
    return [name for name, wrong in checks.items() if wrong]


def idle_slots(changes: list[Change], slots: int) -> Idle:
    """Over time: as many slots as there are waiters for count as idle when nobody has them."""
    watched = not_held = without_job = before = 0.0
    running = held = waiting = 0
    for change in sorted(changes):
        passed = change.moment - before
        if waiting > 0:
            watched += passed * slots
            not_held += passed * min(max(0, slots - held), waiting)
            without_job += passed * min(max(0, slots - running), waiting)
        before = change.moment
        running += change.running
        held += change.held
        waiting += change.waiting
    return Idle(watched, not_held, without_job)


def kendall_tau(waited: list[Execution]) -> float:
    """How far the order in which they were served is that in which they came: 1 is the same."""
    pairs = list(combinations(waited, 2))
    agreeing = sum(
        (one.since < other.since) == ((one.started or 0) < (other.started or 0))
        for one, other in pairs
    )
    return (2 * agreeing - len(pairs)) / max(1, len(pairs))


def largest_displacement(waited: list[Execution]) -> int:
    """By how many places somebody was served sooner or later than its turn."""
    order = {one.name: place for place, one in enumerate(sorted(waited, key=_came))}
    served = sorted(waited, key=lambda one: one.started or 0.0)
    return max((abs(order[one.name] - place) for place, one in enumerate(served)), default=0)


def _came(execution: Execution) -> tuple[str, str]:
    return execution.since, execution.name
