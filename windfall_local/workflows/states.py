"""What each type of state does once it is entered.

Calls are in `tasks.py`, Parallel and Map in `fanout.py` and `distribution.py`.
"""

from __future__ import annotations

import asyncio
import random
from datetime import datetime
from typing import Any

from windfall_local.workflows.definition import (
    Assignments,
    Catcher,
    Choice,
    ChoiceState,
    FailState,
    MapState,
    ParallelState,
    PassState,
    Retrier,
    State,
    SucceedState,
    TaskState,
    WaitState,
    WorkState,
)
from windfall_local.workflows.distribution import run_distributed
from windfall_local.workflows.documents import Document, check_size, dump
from windfall_local.workflows.failures import DATA_LIMIT, QueryFailure, StateFailure
from windfall_local.workflows.fanout import run_map, run_parallel
from windfall_local.workflows.fields import MAX_SECONDS
from windfall_local.workflows.parsing import is_timestamp
from windfall_local.workflows.queries import bindable
from windfall_local.workflows.tasks import run_task
from windfall_local.workflows.visits import Visit

_TYPES: dict[type[State], str] = {
    PassState: "Pass",
    SucceedState: "Succeed",
    FailState: "Fail",
    WaitState: "Wait",
    ChoiceState: "Choice",
    TaskState: "Task",
    ParallelState: "Parallel",
    MapState: "Map",
}
ENTERED = {kind: f"{name}StateEntered" for kind, name in _TYPES.items()}
_EXITED = {kind: f"{name}StateExited" for kind, name in _TYPES.items()}
_ABORTED: dict[type[State], str] = {
    kind: f"{_TYPES[kind]}StateAborted" for kind in (TaskState, WaitState, ParallelState, MapState)
}

_Step = tuple[Document, str | None]


async def work(visit: Visit) -> _Step:
    """Do what a state does, and leave it: its output, and the state that follows.

    Raises:
        StateFailure: The state failed, and does not catch it.
    """
    state = visit.state
    try:
        if isinstance(state, PassState | SucceedState):
            return _leave(visit, visit.input, state)
        if isinstance(state, WorkState):
            return await _work_hard(visit, state)
        if isinstance(state, ChoiceState):
            return _choose(visit, state)
        if isinstance(state, WaitState):
            return await _wait(visit, state)
        assert isinstance(state, FailState)  # the last type of state there is
        raise _fail(visit, state)
    except QueryFailure as failure:
        raise visit.note_query_failure(failure) from failure
    except asyncio.CancelledError:
        aborted = _ABORTED.get(type(state))
        if aborted is not None and not visit.run.suspending:
            visit.note(aborted)
        raise


def _leave(
    visit: Visit,
    result: Document,
    way: State | Choice | Catcher,
    bindings: dict[str, Any] | None = None,
) -> _Step:
    """Leave a state by one of its ways, each with an output and variables of its own."""
    document = result
    texts: dict[str, str] = {}
    if way.output is not None or way.assign is not None:
        bindings = visit.bindings() if bindings is None else bindings
        assigned = _assign(visit, way.assign or {}, bindings)
        if way.output is not None:
            document = Document.of(visit.evaluate(way.output, bindings), visit.state.name)
        for name, value in assigned.items():
            texts[name] = value.text
            visit.branch.variables[name] = bindable(value.value, value.text)
    visit.note(_EXITED[type(visit.state)], visit.state.name, document.text, texts or None)
    return document, way.next


def _assign(visit: Visit, assign: Assignments, bindings: dict[str, Any]) -> dict[str, Document]:
    # All of them see the variables as they were before.
    return {
        name: Document.of(visit.evaluate(template, bindings), visit.state.name)
        for name, template in assign.items()
    }


def _choose(visit: Visit, state: ChoiceState) -> _Step:
    bindings = visit.bindings()
    for choice in state.choices:
        if visit.evaluate(choice.condition, bindings, "boolean"):
            return _leave(visit, visit.input, choice, bindings)
    if state.next is None:
        raise StateFailure(
            "States.NoChoiceMatched",
            f"An error occurred while executing the state '{state.name}' (entered at the "
            f"event id #{visit.entered}). Failed to transition out of the state. The state "
            "machine did not match any Choice rule, and there is no 'Default'.",
        )
    return _leave(visit, visit.input, state, bindings)


async def _wait(visit: Visit, state: WaitState) -> _Step:
    key = f"{visit.attempt_key if visit.attempt else visit.key}:until"
    record = visit.run.ledger.get(key)
    if record is None:
        visit.branch.replayed = None
        until = _wait_end(visit, state)
        visit.run.ledger.put(key, visit.run.surroundings.now(), until)
    else:
        until = float(record.value)
    left = until - visit.run.surroundings.now()
    if left > 0:
        visit.branch.replayed = None
        await asyncio.sleep(left)
    elif visit.branch.replayed is not None:
        visit.branch.replayed = max(visit.branch.replayed, until)
    return _leave(visit, visit.input, state)


def _wait_end(visit: Visit, state: WaitState) -> float:
    bindings = visit.bindings()
    if state.seconds is not None:
        seconds: float = visit.evaluate(state.seconds, bindings, "integer")
        if not 0 <= seconds <= MAX_SECONDS:
            raise QueryFailure(
                f"The field 'Seconds' must be from 0 to {MAX_SECONDS}; it is {seconds}.",
                "Seconds",
            )
        return visit.run.surroundings.now() + seconds
    assert state.timestamp is not None  # one of the two is there
    text: str = visit.evaluate(state.timestamp, bindings, "string")
    if not is_timestamp(text):
        raise QueryFailure(
            f"The field 'Timestamp' must be an RFC 3339 timestamp; it is '{text}'.", "Timestamp"
        )
    return datetime.fromisoformat(text).timestamp()


def _fail(visit: Visit, state: FailState) -> StateFailure:
    bindings = visit.bindings()
    error = "" if state.error is None else visit.evaluate(state.error, bindings, "string")
    cause = None if state.cause is None else visit.evaluate(state.cause, bindings, "string")
    return StateFailure(error, cause)


async def _work_hard(visit: Visit, state: WorkState) -> _Step:
    retried = [0] * len(state.retry)
    while True:
        try:
            result = await _attempt(visit, state)
            bindings = None
            if state.output is not None or state.assign is not None:
                bindings = visit.bindings(result=result)
            return _leave(visit, result, state, bindings)
        except StateFailure as raised:
            failure = raised
            if isinstance(raised, QueryFailure):
                failure = visit.note_query_failure(raised)
            if failure.error == DATA_LIMIT:
                visit.begun = 0  # a redrive does all of it again
        if not await _retries(visit, state.retry, retried, failure):
            return _catch(visit, state, failure)


async def _attempt(visit: Visit, state: WorkState) -> Document:
    if isinstance(state, TaskState):
        return await run_task(visit, state)
    if isinstance(state, MapState):
        if state.distribution is not None:
            return await run_distributed(visit, state, state.distribution)
        return await run_map(visit, state)
    assert isinstance(state, ParallelState)  # the last that does work
    return await run_parallel(visit, state)


async def _retries(
    visit: Visit, retriers: tuple[Retrier, ...], retried: list[int], failure: StateFailure
) -> bool:
    """Whether the state is tried again; waits until it is."""
    for index, retrier in enumerate(retriers):
        if not failure.matches(retrier.errors):
            continue
        if retried[index] >= retrier.attempts:
            return False
        again = visit.run.time(visit.branch) + _delay(retrier, retried[index])
        retried[index] += 1
        visit.try_again()
        left = again - visit.run.surroundings.now()
        if left > 0:
            visit.branch.replayed = None
            await asyncio.sleep(left)
        return True
    return False


def _catch(visit: Visit, state: WorkState, failure: StateFailure) -> _Step:
    for catcher in state.catch:
        if failure.matches(catcher.errors):
            return _leave_caught(visit, catcher, failure)
    raise failure


def _leave_caught(visit: Visit, catcher: Catcher, failure: StateFailure) -> _Step:
    error = failure.output()
    document = Document(error, check_size(dump(error), visit.state.name))
    return _leave(visit, document, catcher, visit.bindings(failure=failure))


def _delay(retrier: Retrier, retried: int) -> float:
    delay: float = retrier.interval * float(retrier.backoff ** min(retried, 1000))
    if retrier.longest is not None:
        delay = min(delay, retrier.longest)
    if retrier.jitter == "FULL":
        delay = random.uniform(0, delay)  # spreads load, no secret
    return delay
