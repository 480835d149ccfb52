"""Runs one execution of a state machine.

A state is visited: entered, worked, left. What differs by type stands in one method each; calls
are in `tasks.py`, Parallel and Map in `fanout.py`. Whatever a run awaits or draws by lot goes
through the ledger, so that it can be repeated (see `journal.py`).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from windfall_local.api import Cloud, Principal
from windfall_local.workflows.definition import (
    Assignments,
    Block,
    Catcher,
    Choice,
    ChoiceState,
    Distribution,
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
from windfall_local.workflows.executions import Execution, Ledger, StateMachine
from windfall_local.workflows.failures import RUNTIME, TIMEOUT, QueryFailure, StateFailure
from windfall_local.workflows.fanout import run_map, run_parallel
from windfall_local.workflows.fields import MAX_SECONDS
from windfall_local.workflows.history import History
from windfall_local.workflows.map_runs import MapRuns
from windfall_local.workflows.parsing import is_timestamp
from windfall_local.workflows.queries import bindable
from windfall_local.workflows.shapes import iso_time
from windfall_local.workflows.tasks import run_task
from windfall_local.workflows.tokens import TaskTokens
from windfall_local.workflows.visits import Branch, Visit

logger = logging.getLogger(__name__)

_TURN = 50
"""States after which other executions get a turn, should none of them have awaited anything."""

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
_ENTERED = {kind: f"{name}StateEntered" for kind, name in _TYPES.items()}
_EXITED = {kind: f"{name}StateExited" for kind, name in _TYPES.items()}
_ABORTED: dict[type[State], str] = {
    kind: f"{_TYPES[kind]}StateAborted" for kind in (TaskState, WaitState, ParallelState, MapState)
}

_Step = tuple[Document, str | None]


class Surroundings(Protocol):
    """What a run needs of the service."""

    cloud: Cloud
    tokens: TaskTokens
    map_runs: MapRuns
    now: Callable[[], float]

    def watch(self, execution_arn: str) -> asyncio.Future[Execution]:
        """An execution, as soon as it has ended."""
        ...

    def abort(self, execution_arn: str) -> bool:
        """End an execution that a task of this one started and waits for."""
        ...

    async def check_start(self, machine: StateMachine, caller: Principal) -> None:
        """Check that somebody may start executions of a machine."""
        ...

    def child_machine(self, machine: StateMachine, distribution: Distribution) -> StateMachine:
        """The machine of a distributed Map's child executions."""
        ...

    async def begin_child(
        self, machine: StateMachine, name: str, arn: str, document: Document, map_run: str
    ) -> None:
        """Start a child execution of a distributed Map, unless it is there already."""
        ...


class Run:
    """One execution, running.

    Args:
        execution: The execution; the run ends it.
        surroundings: The service.
    """

    def __init__(self, execution: Execution, surroundings: Surroundings) -> None:
        assert execution.history is not None  # a running execution has its events
        self.execution = execution
        self.surroundings = surroundings
        self.history: History = execution.history
        self.ledger: Ledger = execution.ledger
        self.suspending = False
        self.begun = False
        self.stopping: StateFailure | None = None
        machine = execution.state_machine
        self.context: dict[str, Any] = {
            "Execution": {
                "Id": execution.arn,
                "Input": bindable(execution.input.value, execution.input.text),
                "Name": execution.name,
                "RoleArn": machine.role_arn,
                "StartTime": iso_time(execution.started),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": machine.arn, "Name": machine.name},
        }

    def time(self, branch: Branch) -> float:
        """The time in a branch: while it repeats what is recorded, the time of that."""
        return self.surroundings.now() if branch.replayed is None else branch.replayed

    async def execute(self) -> None:
        """Run to the end, and set how the execution ended.

        Raises:
            CancelledError: The process ends; the execution goes on at its next start.
        """
        execution = self.execution
        branch = Branch("", 0, {}, execution.started if self.ledger else None)
        self.history.add(
            execution.started,
            "ExecutionStarted",
            0,
            execution.input.text,
            execution.state_machine.role_arn,
        )
        self.begun = True
        try:
            if self.stopping is not None:
                raise asyncio.CancelledError  # stopped before it began
            output = await self._run_machine(branch)
        except StateFailure as failure:
            self._end("FAILED", "ExecutionFailed", branch, failure)
        except TimeoutError:
            self._end("TIMED_OUT", "ExecutionTimedOut", branch, StateFailure(TIMEOUT))
        except asyncio.CancelledError:
            if self.stopping is None:
                raise
            self._end("ABORTED", "ExecutionAborted", branch, self.stopping)
        except Exception as error:
            # A bug of ours must not leave an execution that runs for ever.
            logger.exception("The execution %s failed in the interpreter", execution.arn)
            self._end("FAILED", "ExecutionFailed", branch, StateFailure(RUNTIME, repr(error)))
        else:
            execution.output = output.text
            self.history.add(
                self.time(branch), "ExecutionSucceeded", branch.previous, output.text, last=True
            )
            self._close("SUCCEEDED")

    async def _run_machine(self, branch: Branch) -> Document:
        machine = self.execution.state_machine.machine
        if machine.timeout is None:
            return await self.run_block(machine.block, self.execution.input, branch)
        left = self.execution.started + machine.timeout - self.surroundings.now()
        async with asyncio.timeout(max(0.0, left)):
            return await self.run_block(machine.block, self.execution.input, branch)

    def _end(self, status: str, kind: str, branch: Branch, failure: StateFailure) -> None:
        execution = self.execution
        # The API's own bounds.
        execution.error = failure.error[:256] or None
        execution.cause = failure.cause if failure.cause is None else failure.cause[:32_768]
        self.history.add(
            self.surroundings.now(),
            kind,
            branch.previous if branch.previous else len(self.history.events),
            execution.error,
            execution.cause,
            last=True,
        )
        self._close(status)

    def _close(self, status: str) -> None:
        self.execution.stopped = self.history.events[-1].at
        self.execution.status = status

    async def run_block(self, block: Block, document: Document, branch: Branch) -> Document:
        """Run states from a block's first to one that ends it.

        Raises:
            StateFailure: A state failed, and nothing caught it.
        """
        name: str | None = block.start_at
        while name is not None:
            visit = Visit(self, block.states[name], document, branch)
            visit.entered = visit.note(_ENTERED[type(visit.state)], name, document.text)
            if visit.entered % _TURN == 0:
                await asyncio.sleep(0)
            document, name = await self._work(visit)
        return document

    async def _work(self, visit: Visit) -> _Step:
        state = visit.state
        try:
            if isinstance(state, PassState | SucceedState):
                return self._leave(visit, visit.input, state)
            if isinstance(state, WorkState):
                return await self._work_hard(visit, state)
            if isinstance(state, ChoiceState):
                return self._choose(visit, state)
            if isinstance(state, WaitState):
                return await self._wait(visit, state)
            assert isinstance(state, FailState)  # the last type of state there is
            raise self._fail(visit, state)
        except QueryFailure as failure:
            raise self.note_query_failure(visit, failure) from failure
        except asyncio.CancelledError:
            aborted = _ABORTED.get(type(state))
            if aborted is not None and not self.suspending:
                visit.note(aborted)
            raise

    def note_query_failure(self, visit: Visit, failure: QueryFailure) -> StateFailure:
        """Note that an expression failed; the failure as the state fails with it."""
        cause = (
            f"An error occurred while executing the state '{visit.state.name}' "
            f"(entered at the event id #{visit.entered}). {failure.cause}"
        )
        visit.note("EvaluationFailed", failure.error, cause, failure.location, visit.state.name)
        return StateFailure(failure.error, cause)

    def _leave(
        self,
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
            assigned = self._assign(visit, way.assign or {}, bindings)
            if way.output is not None:
                document = Document.of(visit.evaluate(way.output, bindings), visit.state.name)
            for name, value in assigned.items():
                texts[name] = value.text
                visit.branch.variables[name] = bindable(value.value, value.text)
        visit.note(_EXITED[type(visit.state)], visit.state.name, document.text, texts or None)
        return document, way.next

    def _assign(
        self, visit: Visit, assign: Assignments, bindings: dict[str, Any]
    ) -> dict[str, Document]:
        # All of them see the variables as they were before.
        return {
            name: Document.of(visit.evaluate(template, bindings), visit.state.name)
            for name, template in assign.items()
        }

    def _choose(self, visit: Visit, state: ChoiceState) -> _Step:
        bindings = visit.bindings()
        for choice in state.choices:
            if visit.evaluate(choice.condition, bindings, "boolean"):
                return self._leave(visit, visit.input, choice, bindings)
        if state.next is None:
            raise StateFailure(
                "States.NoChoiceMatched",
                f"An error occurred while executing the state '{state.name}' (entered at the "
                f"event id #{visit.entered}). Failed to transition out of the state. The state "
                "machine did not match any Choice rule, and there is no 'Default'.",
            )
        return self._leave(visit, visit.input, state, bindings)

    async def _wait(self, visit: Visit, state: WaitState) -> _Step:
        key = f"{visit.key}:until"
        record = self.ledger.get(key)
        if record is None:
            visit.branch.replayed = None
            until = self._wait_end(visit, state)
            self.ledger.put(key, self.surroundings.now(), until)
        else:
            until = float(record.value)
        left = until - self.surroundings.now()
        if left > 0:
            visit.branch.replayed = None
            await asyncio.sleep(left)
        elif visit.branch.replayed is not None:
            visit.branch.replayed = max(visit.branch.replayed, until)
        return self._leave(visit, visit.input, state)

    def _wait_end(self, visit: Visit, state: WaitState) -> float:
        bindings = visit.bindings()
        if state.seconds is not None:
            seconds: float = visit.evaluate(state.seconds, bindings, "integer")
            if not 0 <= seconds <= MAX_SECONDS:
                raise QueryFailure(
                    f"The field 'Seconds' must be from 0 to {MAX_SECONDS}; it is {seconds}.",
                    "Seconds",
                )
            return self.surroundings.now() + seconds
        assert state.timestamp is not None  # one of the two is there
        text: str = visit.evaluate(state.timestamp, bindings, "string")
        if not is_timestamp(text):
            raise QueryFailure(
                f"The field 'Timestamp' must be an RFC 3339 timestamp; it is '{text}'.", "Timestamp"
            )
        return datetime.fromisoformat(text).timestamp()

    def _fail(self, visit: Visit, state: FailState) -> StateFailure:
        bindings = visit.bindings()
        error = "" if state.error is None else visit.evaluate(state.error, bindings, "string")
        cause = None if state.cause is None else visit.evaluate(state.cause, bindings, "string")
        return StateFailure(error, cause)

    async def _work_hard(self, visit: Visit, state: WorkState) -> _Step:
        retried = [0] * len(state.retry)
        while True:
            try:
                result = await self._attempt(visit, state)
                bindings = None
                if state.output is not None or state.assign is not None:
                    bindings = visit.bindings(result=result)
                return self._leave(visit, result, state, bindings)
            except StateFailure as raised:
                failure = raised
                if isinstance(raised, QueryFailure):
                    failure = self.note_query_failure(visit, raised)
            if not await self._retries(visit, state.retry, retried, failure):
                return self._catch(visit, state, failure)

    async def _attempt(self, visit: Visit, state: WorkState) -> Document:
        if isinstance(state, TaskState):
            return await run_task(visit, state)
        if isinstance(state, MapState):
            if state.distribution is not None:
                return await run_distributed(visit, state, state.distribution)
            return await run_map(visit, state)
        assert isinstance(state, ParallelState)  # the last that does work
        return await run_parallel(visit, state)

    async def _retries(
        self, visit: Visit, retriers: tuple[Retrier, ...], retried: list[int], failure: StateFailure
    ) -> bool:
        """Whether the state is tried again; waits until it is."""
        for index, retrier in enumerate(retriers):
            if not failure.matches(retrier.errors):
                continue
            if retried[index] >= retrier.attempts:
                return False
            again = self.time(visit.branch) + _delay(retrier, retried[index])
            retried[index] += 1
            visit.attempt += 1
            left = again - self.surroundings.now()
            if left > 0:
                visit.branch.replayed = None
                await asyncio.sleep(left)
            return True
        return False

    def _catch(self, visit: Visit, state: WorkState, failure: StateFailure) -> _Step:
        for catcher in state.catch:
            if failure.matches(catcher.errors):
                return self._leave_caught(visit, catcher, failure)
        raise failure

    def _leave_caught(self, visit: Visit, catcher: Catcher, failure: StateFailure) -> _Step:
        error = failure.output()
        document = Document(error, check_size(dump(error), visit.state.name))
        return self._leave(visit, document, catcher, visit.bindings(failure=failure))


def _delay(retrier: Retrier, retried: int) -> float:
    delay: float = retrier.interval * float(retrier.backoff ** min(retried, 1000))
    if retrier.longest is not None:
        delay = min(delay, retrier.longest)
    if retrier.jitter == "FULL":
        delay = random.uniform(0, delay)  # spreads load, no secret
    return delay
