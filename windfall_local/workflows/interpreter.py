"""Runs one execution of a state machine.

A state is visited: entered, worked, left. What differs by type is in `states.py`. Whatever a run
awaits or draws by lot goes through the ledger, so that it can be repeated: after a restart (see
`journal.py`) and by a redrive (see `redrives.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from windfall_local.api import Cloud, Principal
from windfall_local.workflows.definition import (
    Block,
    Distribution,
    FailState,
)
from windfall_local.workflows.documents import Document
from windfall_local.workflows.executions import Execution, Ledger, StateMachine
from windfall_local.workflows.failures import (
    RUNTIME,
    TIMEOUT,
    StateFailure,
)
from windfall_local.workflows.history import History
from windfall_local.workflows.map_runs import MapRuns
from windfall_local.workflows.queries import bindable
from windfall_local.workflows.redrives import first_drive, states_going_on, states_unfinished
from windfall_local.workflows.shapes import iso_time
from windfall_local.workflows.states import ENTERED, work
from windfall_local.workflows.tokens import TaskTokens
from windfall_local.workflows.visits import Branch, Visit

logger = logging.getLogger(__name__)

_TURN = 50
"""States after which other executions get a turn, should none of them have awaited anything."""


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
        """End a child execution of a distributed Map."""
        ...

    def stop_nested(self, execution_arn: str, caller: Principal) -> None:
        """End an execution that nobody waits for any more, if who began it may stop it."""
        ...

    async def check(self, operation: str, parameters: dict[str, str], caller: Principal) -> None:
        """Check that somebody may call an operation of Step Functions."""
        ...

    def child_machine(self, machine: StateMachine, distribution: Distribution) -> StateMachine:
        """The machine of a distributed Map's child executions."""
        ...

    async def begin_child(
        self, machine: StateMachine, name: str, arn: str, document: Document, map_run: str
    ) -> None:
        """Start a child execution of a distributed Map, unless it is there already."""
        ...

    async def redrive_child(self, arn: str, token: str, caller: Principal) -> bool:
        """Redrive a child execution, unless it was with this token; False if it can't be."""
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
        self.contexts = _contexts(execution)
        self.drives = len(execution.redrives)
        self.going_on = states_going_on(execution.redrives)
        self._open: dict[str, Visit] = {}
        self._unreached = dict(execution.redrives[-1].unfinished) if self.drives else {}
        self._repeated = 0

    def time(self, branch: Branch) -> float:
        """The time in a branch: while it repeats what is recorded, the time of that."""
        return self.surroundings.now() if branch.replayed is None else branch.replayed

    async def execute(self) -> None:
        """Run to the end, and set how the execution ended.

        Raises:
            CancelledError: The process ends; the execution goes on at its next start.
        """
        execution = self.execution
        is_replay = self.drives > 0 or bool(self.ledger)
        branch = Branch("", 0, {}, execution.started if is_replay else None)
        branch.drive = first_drive(execution.redrives)
        if self.drives:
            branch.previous = self.history.add(
                execution.driven_since, "ExecutionRedriven", len(self.history.events), self.drives
            )
        else:
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
        left = self.execution.driven_since + machine.timeout - self.surroundings.now()
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
        execution.unfinished = states_unfinished(self._open.values(), self.drives, self._unreached)
        self._close(status)

    def _close(self, status: str) -> None:
        self.execution.stopped = self.history.events[-1].at
        self.execution.event_count = len(self.history.events)
        self.execution.status = status

    async def run_block(self, block: Block, document: Document, branch: Branch) -> Document:
        """Run states from a block's first to one that ends it.

        Raises:
            StateFailure: A state failed, and nothing caught it.
        """
        name: str | None = block.start_at
        while name is not None:
            visit = Visit(self, block.states[name], document, branch)
            self._open[visit.key] = visit
            visit.entered = visit.note(ENTERED[type(visit.state)], name, document.text)
            if visit.key in self.going_on:
                self._go_on(visit)
            if visit.entered % _TURN == 0:
                await asyncio.sleep(0)
            document, name = await work(visit)
            del self._open[visit.key]
        return document

    def _go_on(self, visit: Visit) -> None:
        visit.go_on(self.going_on[visit.key])
        self._unreached.pop(visit.key, None)
        branch = visit.branch
        if branch.replayed is not None:
            redriven = self.execution.redrives[branch.drive - 1].at
            branch.replayed = max(branch.replayed, redriven)
        if isinstance(visit.state, FailState):
            # As on AWS, it is the one state that is entered again.
            visit.entered = visit.note("FailStateEntered", visit.state.name, visit.input.text)

    def note(self, branch: Branch, kind: str, *details: Any) -> int:
        """Note an event that follows a branch's last one; its id.

        What an earlier drive did is in the history already, and only counted.
        """
        if branch.drive < self.drives:
            self._repeated += 1
            return self._repeated + 1  # after ExecutionStarted
        branch.previous = self.history.add(self.time(branch), kind, branch.previous, *details)
        return branch.previous


def _contexts(execution: Execution) -> list[dict[str, Any]]:
    """The context object's part about the execution: from its start on, and after each redrive."""
    machine = execution.state_machine
    common: dict[str, Any] = {
        "Id": execution.arn,
        "Input": bindable(execution.input.value, execution.input.text),
        "Name": execution.name,
        "RoleArn": machine.role_arn,
        "StartTime": iso_time(execution.started),
    }
    executions = [{**common, "RedriveCount": 0}]
    for count, redrive in enumerate(execution.redrives, 1):
        executions.append({**common, "RedriveCount": count, "RedriveTime": iso_time(redrive.at)})
    about_machine = {"Id": machine.arn, "Name": machine.name}
    return [{"Execution": each, "StateMachine": about_machine} for each in executions]
