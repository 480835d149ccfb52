"""The rendezvous under every order of its steps: a small model checker over the real generators.

A state holds the service's job, the job's row, the task's tokens, and every invocation under way
with the answers that it got so far. From each state everything that may happen next happens: any
invocation takes its next step, dies before it or right after it, or is given up by Step Functions
while it lives on; the job ends or vanishes; its event is delivered, twice or never; the task times
out; reconcile_jobs comes by. What must hold is checked at each step, and where nothing moves any
more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from windfall.ports.jobs import JobRow
from windfall.rendezvous import (
    Ask,
    Complete,
    Effect,
    Hold,
    Park,
    Release,
    Steps,
    Submit,
    Tell,
    Unlist,
    reconciling,
    resuming,
    submitting,
)


@dataclass(frozen=True)
class Ending:
    """A completion that can be hashed."""

    error: str | None


ENDINGS = {"completed": Ending(None), "failed": Ending("failed"), "vanished": Ending("vanished")}


EMPTY = JobRow()
HANDLE = "what the service calls it"


@dataclass(frozen=True)
class Invocation:
    """A function at work: which steps, for which token (or handle), and the answers so far."""

    kind: str
    token: str
    answers: tuple[Any, ...] = ()


@dataclass(frozen=True)
class State:
    """Everything there is.

    Attributes:
        open: The token that the task waits with; None once it ended.
        told: How the task was told to end, if it was.
        events: Deliveries of the completion event still to come.
        released: Whether the job's slot was given back after it ended.
        disturbed: Whether anything went wrong on the way here.
    """

    job: str = "absent"
    submissions: int = 0
    row: JobRow = EMPTY
    open: str | None = "token-1"
    tries: int = 1
    told: Ending | None = None
    invocations: tuple[Invocation, ...] = (Invocation("submit", "token-1"),)
    events: int = 0
    crashes: int = 0
    reconciliations: int = 0
    released: bool = False
    disturbed: bool = False


@dataclass(frozen=True)
class Limits:
    """How much goes wrong at most; `tries` are the task's first one and its retries."""

    crashes: int
    reconciliations: int
    tries: int = 2


@cache
def next_effect(kind: str, token: str, answers: tuple[Any, ...]) -> Effect | None:
    """The next step of an invocation; None when it is done."""
    steps: Steps = {
        "submit": lambda: submitting(token),
        "resume": lambda: resuming(HANDLE),
        "reconcile": lambda: reconciling(token or None),
    }[kind]()
    try:
        effect = next(steps)
        if isinstance(effect, Hold):  # test_governor.py plays with the slots
            effect = steps.send(True)
        for answer in answers:
            effect = steps.send(answer)
    except StopIteration:
        return None
    return effect


def take(state: State, effect: Effect) -> tuple[State, Any]:
    """Let one step happen: the state after it, and as much of its answer as matters."""
    answer: Any = None
    match effect:
        case Submit():
            answer = HANDLE
            if state.job == "absent":
                state = replace(state, job="running", submissions=state.submissions + 1)
        case Ask(handle):
            assert handle == HANDLE, "the service is asked after a job that it does not know"
            answer = ENDINGS.get(state.job)
        case Park(token, handle):
            row = state.row._replace(tokens=state.row.tokens | {token}, listed=True, handle=handle)
            state = replace(state, row=row)
            answer = row._replace(listed=False) if row.completion else EMPTY
        case Complete(completion):
            row = state.row._replace(completion=state.row.completion or completion)
            state, answer = replace(state, row=row), row._replace(listed=False)
        case Tell(token, completion):
            ending: Any = completion
            assert ending == ENDINGS.get(state.job), "the task is told what did not happen"
            if token == state.open:
                state = replace(state, open=None, told=ending)
        case Release():
            assert state.job in ENDINGS, "the slot of a job that runs is given back"
            state = replace(state, released=True)
        case Unlist():
            state = replace(state, row=state.row._replace(listed=False))
    return state, answer


def step(state: State, place: int) -> State:
    """Let an invocation take its next step; it leaves when that was its last."""
    invocation = state.invocations[place]
    effect = next_effect(invocation.kind, invocation.token, invocation.answers)
    assert effect is not None
    after, answer = take(state, effect)
    moved = replace(invocation, answers=(*invocation.answers, answer))
    done = next_effect(moved.kind, moved.token, moved.answers) is None
    return with_invocation(after, place, None if done else moved)


def place_of(invocation: Invocation) -> tuple[str, str, int]:
    return invocation.kind, invocation.token, hash(invocation.answers)


def with_invocation(state: State, place: int, invocation: Invocation | None) -> State:
    others = [*state.invocations[:place], *state.invocations[place + 1 :]]
    if invocation is not None:
        others.append(invocation)
    return replace(state, invocations=tuple(sorted(others, key=place_of)))


def given_up(state: State, invocation: Invocation, tries: int) -> State:
    """Step Functions hears that an invocation failed: it closes the token and tries again."""
    state = replace(state, disturbed=True, crashes=state.crashes + 1)
    if invocation.kind != "submit" or invocation.token != state.open:
        return state
    if state.tries == tries:
        return replace(state, open=None)
    token = f"token-{state.tries + 1}"
    again = (*state.invocations, Invocation("submit", token))
    return replace(
        state, open=token, tries=state.tries + 1, invocations=tuple(sorted(again, key=place_of))
    )


def what_may_happen(state: State, limits: Limits) -> Iterator[State]:
    """Every state that may come next."""
    for place, invocation in enumerate(state.invocations):
        moved = step(state, place)
        yield moved
        if state.crashes < limits.crashes:
            # It dies before the step; right after it is before the next, or after the last.
            yield given_up(with_invocation(state, place, None), invocation, limits.tries)
            if len(moved.invocations) < len(state.invocations):
                yield given_up(moved, invocation, limits.tries)
            if invocation.kind == "submit":
                yield given_up(state, invocation, limits.tries)  # and lives on
    if state.job == "running":
        for ending in ("completed", "failed"):
            yield replace(state, job=ending, events=2)
        yield replace(state, job="vanished", disturbed=True)
    if state.events:
        resumed = (*state.invocations, Invocation("resume", ""))
        yield replace(
            state,
            events=state.events - 1,
            invocations=tuple(sorted(resumed, key=place_of)),
        )
        yield replace(state, events=state.events - 1, disturbed=True)  # lost
    if state.open is not None and state.job != "absent":
        yield replace(state, open=None, disturbed=True)  # timed out
    if state.row.listed and state.reconciliations < limits.reconciliations:
        looked = (*state.invocations, Invocation("reconcile", state.row.handle or ""))
        yield replace(
            state,
            reconciliations=state.reconciliations + 1,
            invocations=tuple(sorted(looked, key=place_of)),
        )


def check(state: State) -> None:
    """What must hold always."""
    assert state.submissions <= 1, "paid for twice"


def check_at_rest(state: State) -> None:
    """What must hold once nothing moves, and after reconcile_jobs has come by."""
    if not state.disturbed:
        assert state.told == ENDINGS[state.job], "nothing went wrong, and yet it was not told"
        assert not state.row.listed, "nothing went wrong, and yet it is asked after"
        assert state.released, "nothing went wrong, and yet the slot is held"
    if state.row.listed:
        state = replace(state, invocations=(Invocation("reconcile", state.row.handle or ""),))
        while state.invocations:
            state = step(state, 0)
    assert state.open is None, "somebody waits for ever"
    assert not state.row.listed, "an ended job is asked after for ever"
    assert state.released or not state.row.tokens, "the slot is held for ever"


def explore(first: State, limits: Limits) -> tuple[int, int]:
    """Visit every state; how many there are, and at how many of them nothing moves."""
    seen, waiting, resting = {first}, [first], 0
    while waiting:
        state = waiting.pop()
        check(state)
        if not state.invocations and not state.events and state.job != "running":
            check_at_rest(state)
            resting += 1
        for after in what_may_happen(state, limits):
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return len(seen), resting


@pytest.mark.parametrize("limits", [Limits(0, 1), Limits(1, 1), Limits(2, 0)], ids=str)
def test_whoever_waits_is_told_in_every_order(limits: Limits) -> None:
    states, resting = explore(State(), limits)
    assert states > 100
    assert resting > 10


def test_a_completion_of_a_job_that_nobody_parked_waits_for_who_does() -> None:
    ended = State(job="completed", submissions=1, invocations=(Invocation("resume", ""),))
    while ended.invocations:
        ended = step(ended, 0)
    assert ended.row.completion is not None
    assert not ended.row.listed
    parked = replace(ended, invocations=(Invocation("submit", "token-1"),))
    while parked.invocations:
        parked = step(parked, 0)
    assert parked.told == ENDINGS["completed"]
    assert not parked.row.listed


def test_the_checker_finds_a_rendezvous_that_parks_blindly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def blind(token: str) -> Steps:
        yield Submit()
        yield Park(token)
        return "parked"

    monkeypatch.setitem(globals(), "submitting", blind)
    next_effect.cache_clear()
    try:
        with pytest.raises(AssertionError, match=r"not told|asked after|for ever"):
            explore(State(), Limits(0, 0))
    finally:
        next_effect.cache_clear()
