"""The governor under every order of its steps: a small model checker over the real generators.

A state holds the slots, the queue, what the service runs, where each execution stands, and every
invocation under way with the answers that it got so far. From each state everything that may happen
next happens: any invocation takes its next step, dies before it, or is given up by Step Functions
while it lives on; a job ends, and its end is told or never told; an execution is aborted, and that
is told or not; reconcile_jobs comes by. What must hold is checked at each step, and where nothing
moves any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from windfall.governor import (
    Ask,
    Effect,
    Enqueue,
    Free,
    Grant,
    Look,
    Postpone,
    Steps,
    Take,
    Tell,
    Use,
    abandoning,
    handing_out,
    reconciling,
    releasing,
    taking,
    waiting,
)
from windfall.ports.leases import Lease, Room, Waiter

NOW = "now"
PAST = "before"  # sorts before NOW
EARLIER = ""  # when nothing is due; reconcile_jobs alone stands for all that come late
AFTERWARDS = {"take": "take", "reconcile": "hand out late"}
"""What an invocation does when it looks again."""
SUBMIT = "submit"
"""The step of an invocation that got its lease: it submits the job."""


@dataclass(frozen=True)
class Invocation:
    """A function at work: which steps, for whom, with which token, and the answers so far."""

    kind: str
    who: str
    token: str = ""
    answers: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Execution:
    """An execution: it takes a slot or awaits one, runs its job, and is done; or it is dead.

    Attributes:
        token: Of the task that it is at.
        tries: How many tokens it had.
        job: Of the service: `absent`, `running` or `ended`.
        leases: How many leases it ever had; it makes the ids of them.
    """

    at: str = "taking"
    token: str = ""
    tries: int = 0
    job: str = "absent"
    leases: int = 0


@dataclass(frozen=True)
class State:
    """Everything there is. `told` are events still to come."""

    limit: int
    executions: tuple[tuple[str, Execution], ...]
    leases: tuple[Lease, ...] = ()
    waiters: tuple[Waiter, ...] = ()
    invocations: tuple[Invocation, ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    crashes: int = 0
    aborts: int = 0
    reconciliations: int = 0

    def execution(self, who: str) -> Execution:
        return dict(self.executions)[who]


@dataclass(frozen=True)
class Limits:
    """How much goes wrong at most."""

    crashes: int = 0
    aborts: int = 0
    reconciliations: int = 0


@cache
def next_effect(kind: str, who: str, token: str, answers: tuple[Any, ...]) -> Effect | str | None:
    """The next step of an invocation; None when it is done."""
    steps: Steps = {
        "take": lambda: taking(who),
        "wait": lambda: waiting(who, token, EARLIER),
        "release": lambda: releasing(who, EARLIER),
        "abandon": lambda: abandoning(who, EARLIER),
        "reconcile": lambda: reconciling(NOW),
        "hand out": lambda: handing_out(EARLIER),
        "hand out late": lambda: handing_out(NOW),
    }[kind]()
    answered = iter(answers)
    try:
        effect = next(steps)
        for answer in answered:
            effect = steps.send(answer)
    except StopIteration as end:
        if kind == "take" and end.value is not None:
            return SUBMIT if next(answered, None) is None else None
        return None
    return effect


def first_state(limit: int, names: str) -> State:
    state = State(limit, tuple((name, Execution()) for name in names))
    for name in names:
        state = entered(state, name, "taking")
    return state


def entered(state: State, who: str, at: str) -> State:
    """An execution enters a task: a new token, and an invocation."""
    before = state.execution(who)
    token = f"{who}{before.tries + 1}"
    state = changed(state, who, replace(before, at=at, token=token, tries=before.tries + 1))
    kind = {"taking": "take", "awaiting": "wait"}[at]
    return with_invocations(state, *state.invocations, Invocation(kind, who, token))


def place_of(invocation: Invocation) -> tuple[str, str, str, int]:
    return invocation.kind, invocation.who, invocation.token, hash(invocation.answers)


def changed(state: State, who: str, execution: Execution) -> State:
    both = {**dict(state.executions), who: execution}
    return replace(state, executions=tuple(sorted(both.items())))


def with_invocations(state: State, *invocations: Invocation) -> State:
    return replace(state, invocations=tuple(sorted(invocations, key=place_of)))


def take(state: State, invocation: Invocation, effect: Effect) -> Iterator[tuple[State, Any]]:
    """Let one step happen: each state that may be after it, with the answer."""
    who = invocation.who
    match effect:
        case Look():
            yield state, room_of(state, invocation)
        case Take(slots):
            yield from placed(state, (Waiter(who, who, ""),), slots, used=True)
        case Grant(waiters, slots):
            yield from placed(state, waiters, slots, used=False)
        case Use(lease):
            yield renewed(state, lease, used=True)
        case Postpone(lease):
            yield renewed(state, lease, used=lease.used)
        case Enqueue(token):
            mine = next((one for one in state.waiters if one.holder == who), Waiter(who, who, who))
            yield queued(state, mine, mine._replace(tokens=mine.tokens | {token})), None
        case Tell(token):
            yield told(state, token)
        case Free(lease, unchanged):
            yield freed(state, lease, unchanged=unchanged), None
        case Ask(lease):
            yield state, state.execution(lease.holder).job == "running"


def placed(
    state: State, waiters: tuple[Waiter, ...], slots: tuple[int, ...], *, used: bool
) -> Iterator[tuple[State, Lease | None]]:
    """One of these in one of these slots: whichever it tries may be gone by now."""
    open_slots = [slot for slot in slots if all(lease.slot != slot for lease in state.leases)]
    there = [one for one in waiters if used or one in state.waiters]
    for one in there if open_slots else []:
        yield held(queued(state, one, None), one, open_slots[0], used=used)
    if len(open_slots) < len(slots) or len(there) < len(waiters):
        yield state, None


def told(state: State, token: str) -> tuple[State, bool]:
    for who, one in state.executions:
        if (one.at, one.token) == ("awaiting", token):
            return entered(state, who, "taking"), True
    return state, False


def freed(state: State, lease: Lease, *, unchanged: bool) -> State:
    gone = {one for one in state.leases if (one == lease if unchanged else one.id == lease.id)}
    return replace(state, leases=tuple(one for one in state.leases if one not in gone))


def held(state: State, waiter: Waiter, slot: int, *, used: bool) -> tuple[State, Lease]:
    who = waiter.holder
    execution = state.execution(who)
    state = changed(state, who, replace(execution, leases=execution.leases + 1))
    number = f"{who}{execution.leases + 1}"
    lease = Lease(slot, number, who, waiter.owner, used, PAST, waiter.tokens)
    return replace(state, leases=tuple(sorted((*state.leases, lease)))), lease


def renewed(state: State, lease: Lease, *, used: bool) -> tuple[State, Lease | None]:
    if lease not in state.leases:
        return state, None
    tokens = frozenset[str]() if used else lease.tokens
    longer = lease._replace(used=used, due=f"{lease.due}+", tokens=tokens)
    others = [one for one in state.leases if one != lease]
    return replace(state, leases=tuple(sorted((*others, longer)))), longer


def queued(state: State, before: Waiter, after: Waiter | None) -> State:
    others = [one for one in state.waiters if one != before]
    if after is not None:
        others.append(after)
    return replace(state, waiters=tuple(sorted(others, key=lambda one: one.since)))


def room_of(state: State, invocation: Invocation) -> Room:
    if invocation.kind == "reconcile" and not invocation.answers:
        # A lease in use is due only when the function that uses it has long ended.
        alive = {one.who for one in state.invocations if one.kind == "take"}
        leases = tuple(one for one in state.leases if not (one.used and one.holder in alive))
        return Room(state.limit, leases, state.waiters)
    return Room(state.limit, state.leases, state.waiters)


def after_step(state: State, place: int) -> Iterator[State]:
    """Let an invocation take its next step, and its execution go on when that was the last."""
    invocation = state.invocations[place]
    effect = next_effect(invocation.kind, invocation.who, invocation.token, invocation.answers)
    if effect == SUBMIT:
        yield submitted(without(state, place), invocation)
        return
    assert effect is not None
    assert not isinstance(effect, str)
    for after, answer in take(state, invocation, effect):
        moved = replace(invocation, answers=(*invocation.answers, answer))
        rest = list(after.invocations)
        rest.remove(invocation)
        follows = next_effect(moved.kind, moved.who, moved.token, moved.answers)
        if isinstance(follows, Look):
            # What it saw before does not matter any more: many states are one.
            kind = AFTERWARDS.get(moved.kind, "hand out")
            yield with_invocations(after, *rest, replace(moved, kind=kind, answers=()))
        elif follows is not None:
            yield with_invocations(after, *rest, moved)
        else:
            yield ended(with_invocations(after, *rest), moved)


def without(state: State, place: int) -> State:
    return with_invocations(state, *state.invocations[:place], *state.invocations[place + 1 :])


def submitted(state: State, invocation: Invocation) -> State:
    """The job is begun under its name: again is harmless."""
    execution = state.execution(invocation.who)
    if execution.job == "absent":
        execution = replace(execution, job="running")
    if execution.token == invocation.token:
        execution = replace(execution, at="done" if execution.job == "ended" else "running")
    return changed(state, invocation.who, execution)


def ended(state: State, invocation: Invocation) -> State:
    """A function ended. When there was no slot to take, its execution goes to wait for one."""
    execution = state.execution(invocation.who) if invocation.kind == "take" else None
    if execution is None or (execution.at, execution.token) != ("taking", invocation.token):
        return state
    return entered(state, invocation.who, "awaiting")


def given_up(state: State, invocation: Invocation) -> State:
    """Step Functions hears that an invocation failed: it closes the token and tries again."""
    state = replace(state, crashes=state.crashes + 1)
    execution = state.execution(invocation.who) if invocation.token else None
    if execution is None or execution.token != invocation.token:
        return state
    if execution.at not in {"taking", "awaiting"}:
        return state
    return entered(state, invocation.who, execution.at)


def what_may_happen(state: State, limits: Limits) -> Iterator[State]:
    """Every state that may come next."""
    for place, invocation in enumerate(state.invocations):
        yield from after_step(state, place)
        if state.crashes < limits.crashes:
            yield given_up(without(state, place), invocation)
            if invocation.token:
                yield given_up(state, invocation)  # and lives on
    yield from what_services_do(state)
    for place, (kind, who) in enumerate(state.told):
        rest = replace(state, told=(*state.told[:place], *state.told[place + 1 :]))
        yield with_invocations(rest, *rest.invocations, Invocation(kind, who))
        if state.crashes < limits.crashes:
            yield replace(rest, crashes=state.crashes + 1)  # lost
    if state.aborts < limits.aborts:
        for who, execution in state.executions:
            if execution.at in {"taking", "awaiting", "running"}:
                dead = changed(state, who, replace(execution, at="dead", token=""))
                yield replace(dead, aborts=state.aborts + 1, told=(*state.told, ("abandon", who)))
    if state.reconciliations < limits.reconciliations and (state.leases or state.waiters):
        more = replace(state, reconciliations=state.reconciliations + 1)
        yield with_invocations(more, *more.invocations, Invocation("reconcile", ""))


def what_services_do(state: State) -> Iterator[State]:
    for who, execution in state.executions:
        if execution.job == "running":
            at = "done" if execution.at == "running" else execution.at
            over = changed(state, who, replace(execution, job="ended", at=at))
            yield replace(over, told=(*over.told, ("release", who)))


def check(state: State) -> None:
    """What must hold always."""
    running = [who for who, execution in state.executions if execution.job == "running"]
    assert len(running) <= state.limit, "more jobs than the service takes"
    slots = [lease.slot for lease in state.leases]
    assert len(set(slots)) == len(slots), "a slot is held twice"
    assert all(slot < state.limit for slot in slots), "a slot that there is not"


def check_at_rest(state: State) -> None:
    """What must hold while no function is at work."""
    room = Room(state.limit, state.leases, state.waiters)
    if not state.crashes:
        assert not (room.free and room.waiters), "a slot is idle while somebody waits"
    check_at_the_end(state)


def check_at_the_end(state: State) -> None:
    """Let the rest happen in one order, with reconcile_jobs coming by: everybody is served."""
    for _ in range(40):
        while state.invocations:
            state = next(after_step(state, 0))
            check(state)
        if state.told:
            (kind, who), *rest = state.told
            state = replace(state, told=tuple(rest))
            state = with_invocations(state, Invocation(kind, who))
            continue
        following = next(what_services_do(state), None)
        if following is not None:
            state = following
            continue
        if not state.leases and not state.waiters:
            break
        before = state
        state = with_invocations(state, Invocation("reconcile", ""))
        while state.invocations:
            state = next(after_step(state, 0))
            check(state)
        assert (state.leases, state.waiters) != (before.leases, before.waiters), "nothing heals it"
    stuck = [who for who, one in state.executions if one.at not in {"done", "dead"}]
    assert not stuck, "somebody waits for ever"
    assert not state.leases, "a slot is held for ever"


def explore(first: State, limits: Limits) -> tuple[int, int]:
    """Visit every state; how many there are, and at how many of them nothing moves."""
    seen, unvisited, resting = {first}, [first], 0
    while unvisited:
        state = unvisited.pop()
        check(state)
        if not state.invocations:
            check_at_rest(state)
            resting += 1
        for after in what_may_happen(state, limits):
            if after not in seen:
                seen.add(after)
                unvisited.append(after)
    return len(seen), resting


@pytest.mark.parametrize(
    ("limit", "names", "limits"),
    [
        (1, "ab", Limits()),
        (2, "abc", Limits()),
        (1, "ab", Limits(crashes=1)),
        (1, "ab", Limits(aborts=1)),
        (1, "ab", Limits(reconciliations=1)),
        (1, "a", Limits(crashes=2, reconciliations=1)),
        (1, "a", Limits(crashes=1, aborts=1)),
    ],
    ids=str,
)
def test_everybody_is_served_and_nobody_too_many(limit: int, names: str, limits: Limits) -> None:
    states, resting = explore(first_state(limit, names), limits)
    assert states > 100
    assert resting > 10


def blind_wait(holder: str, token: str, now: str) -> Steps:
    del holder, now
    yield Enqueue(token)
    return None


def blind_release(holder: str, now: str) -> Steps:
    del now
    room: Room = yield Look()
    for lease in room.leases:
        if lease.holder == holder:
            yield Free(lease)
    return None


def hasty_reconciliation(now: str) -> Steps:
    del now
    room: Room = yield Look()
    for lease in room.leases:
        yield Free(lease)
    return (yield from handing_out(EARLIER))


@pytest.mark.parametrize(
    ("name", "wrong", "limits", "found"),
    [
        ("waiting", blind_wait, Limits(), "idle while somebody waits"),
        ("releasing", blind_release, Limits(), "idle while somebody waits"),
        ("reconciling", hasty_reconciliation, Limits(reconciliations=1), "more jobs"),
    ],
)
def test_the_checker_finds_a_governor_that_is_wrong(
    name: str,
    wrong: Callable[..., Steps],
    limits: Limits,
    found: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(globals(), name, wrong)
    next_effect.cache_clear()
    try:
        with pytest.raises(AssertionError, match=found):
            explore(first_state(1, "ab"), limits)
    finally:
        next_effect.cache_clear()
