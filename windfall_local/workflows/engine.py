"""Keeps executions running: starts, stops, brings back, announces, and writes down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.mirror.disk import said_of_the_disk
from windfall_local.workflows.answers import status_change
from windfall_local.workflows.definition import Distribution
from windfall_local.workflows.documents import Document
from windfall_local.workflows.executions import Execution, Executions, Ledger, StateMachine
from windfall_local.workflows.failures import StateFailure
from windfall_local.workflows.interpreter import Run
from windfall_local.workflows.journal import Journal, StoredExecution
from windfall_local.workflows.map_runs import MapRuns
from windfall_local.workflows.parsing import parse_definition
from windfall_local.workflows.tokens import (
    InvalidTokenError,
    TaskTokens,
    outcome_record,
    read_token,
)

Authorize = Callable[[str, str, dict[str, Any], Principal], Awaitable[None]]
"""Checks a permission: service, operation, parameters, who; raises `ServiceError`."""

logger = logging.getLogger(__name__)

_STATUS_CHANGE = "Step Functions Execution Status Change"
_TOO_LATE = "Task Timed Out: 'Provided task does not exist anymore'"


class Engine:
    """Every machine and execution, and the runs of those that have not ended.

    Args:
        cloud: What tasks call, and where status changes are announced.
        journal: Keeps machines and executions beyond the process; None for no longer than it.
        now: The time, in seconds of the epoch.
        max_ended: How many executions that have ended are kept.
        authorize: Checks what a task needs beyond its own call; None allows it.
    """

    def __init__(
        self,
        cloud: Cloud,
        journal: Journal | None,
        now: Callable[[], float],
        max_ended: int,
        authorize: Authorize | None = None,
    ) -> None:
        self.cloud = cloud
        self.now = now
        self.tokens = TaskTokens(now)
        self.map_runs = MapRuns()
        self.machines: dict[str, StateMachine] = {}
        self.executions = Executions(journal, max_ended)
        self._journal = journal
        self._runs: dict[str, Run] = {}
        self._authorize = authorize
        self._child_machines: dict[str, StateMachine] = {}

    def start(self) -> None:
        """Bring back what the journal kept; executions that were running go on."""
        if self._journal is None:
            return
        self._journal.open()
        revisions = {
            revision: _machine_of(document)
            for revision, document in self._journal.revisions().items()
        }
        for revision in self._journal.machines():
            self.machines[revisions[revision].arn] = revisions[revision]
        for stored in self._journal.executions():
            execution = self._restore(stored, revisions[stored.revision])
            self.executions.add(execution)
            if execution.running:
                self._run(execution, is_new=False)

    async def stop(self) -> None:
        """Lay down what is running; with a journal it goes on at the next start."""
        tasks = []
        for run in self._runs.values():
            run.suspending = True
            if run.execution.task is not None:
                run.execution.task.cancel()
                tasks.append(run.execution.task)
        await asyncio.gather(*tasks, return_exceptions=True)
        self._runs.clear()
        if self._journal is not None:
            await self._journal.close()

    async def save_machine(self, machine: StateMachine) -> None:
        """Take in a machine, new or changed."""
        self.machines[machine.arn] = machine
        if self._journal is not None:
            self._journal.save_machine(machine.arn, machine.revision, machine.document())
            await self.flush()

    async def drop_machine(self, arn: str) -> None:
        """Forget a machine; executions that run go on to their end."""
        if self.machines.pop(arn, None) is not None and self._journal is not None:
            self._journal.drop_machine(arn)
            await self.flush()

    async def begin(
        self,
        machine: StateMachine,
        name: str,
        arn: str,
        document: Document,
        map_run: str | None = None,
    ) -> None:
        """Start an execution; when this returns, it will survive."""
        ledger = Ledger(arn, journal=self._journal)
        execution = Execution(arn, name, machine, document, self.now(), ledger, map_run=map_run)
        self.executions.add(execution)
        if self._journal is not None:
            self._journal.save_execution(arn, machine.revision, execution.document())
        self._run(execution, is_new=True)
        await self.flush()

    async def check_start(self, machine: StateMachine, caller: Principal) -> None:
        """Check that somebody may start executions of a machine.

        Raises:
            ServiceError: `AccessDeniedException`.
        """
        if self._authorize is not None:
            parameters = {"stateMachineArn": machine.arn, "input": "{}"}
            await self._authorize("stepfunctions", "StartExecution", parameters, caller)

    def child_machine(self, machine: StateMachine, distribution: Distribution) -> StateMachine:
        """The machine of a distributed Map's child executions."""
        revision = f"{machine.revision}/{distribution.label}"
        child = self._child_machines.get(revision)
        if child is None:
            child = replace(
                machine,
                arn=f"{machine.arn}/{distribution.label}",
                name=f"{machine.name}/{distribution.label}",
                definition=distribution.definition,
                machine=distribution.machine,
                revision=revision,
                tags={},
            )
            self._child_machines[revision] = child
            if self._journal is not None:
                self._journal.save_revision(revision, child.document())
        return child

    async def begin_child(
        self, machine: StateMachine, name: str, arn: str, document: Document, map_run: str
    ) -> None:
        """Start a child execution of a distributed Map, unless it is there already."""
        if self.executions.get(arn) is None:
            await self.begin(machine, name, arn, document, map_run)

    async def flush(self) -> None:
        """Wait until all that happened so far will survive.

        Raises:
            ServiceError: The disk is full, or fails; it is tried again.
        """
        if self._journal is not None:
            with said_of_the_disk():
                await self._journal.flush()

    def watch(self, execution_arn: str) -> asyncio.Future[Execution]:
        """An execution, as soon as it has ended."""
        execution = self.executions.get(execution_arn)
        future: asyncio.Future[Execution] = asyncio.get_running_loop().create_future()
        if execution is None:
            future.set_exception(
                StateFailure("States.TaskFailed", f"{execution_arn} is no longer known")
            )
        elif execution.running:
            execution.watchers.append(future)
        else:
            future.set_result(execution)
        return future

    def abort(self, execution_arn: str, error: str | None = None, cause: str | None = None) -> bool:
        """End an execution as aborted; whether it still ran."""
        run = self._runs.get(execution_arn)
        if run is None or run.stopping is not None or not run.execution.running:
            return False
        run.stopping = StateFailure(error or "", cause)
        # Before it has begun there is nothing to cancel: it looks for this first.
        if run.begun and run.execution.task is not None:
            run.execution.task.cancel()
        return True

    async def resolve(self, token: str, outcome: Document | StateFailure) -> None:
        """Hand a waiting task its outcome; when this returns, the outcome will survive.

        Raises:
            ServiceError: Nobody waits for the token, or not any more.
        """
        execution, key = self._task(token)
        if self.tokens.resolve(token, outcome):
            execution.ledger.put(key, self.now(), outcome_record(outcome))
        else:
            _expect_late(execution, key)
            execution.ledger.put_early(key, self.now(), outcome_record(outcome))
        await self.flush()

    def beat(self, token: str) -> None:
        """Take a waiting task's heartbeat.

        Raises:
            ServiceError: Nobody waits for the token, or not any more.
        """
        execution, key = self._task(token)
        if not self.tokens.beat(token):
            _expect_late(execution, key)

    def _task(self, token: str) -> tuple[Execution, str]:
        try:
            arn, key = read_token(token)
        except InvalidTokenError as error:
            raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'") from error
        execution = self.executions.get(arn)
        if execution is None:
            raise ServiceError("TaskDoesNotExist", "Task Does Not Exist: 'Task does not exist'")
        if not execution.running:
            raise ServiceError("TaskTimedOut", _TOO_LATE)
        return execution, key

    def _run(self, execution: Execution, *, is_new: bool) -> None:
        run = Run(execution, self)
        self._runs[execution.arn] = run
        execution.task = asyncio.get_running_loop().create_task(
            self._run_to_end(run, is_new=is_new), name=execution.arn
        )

    async def _run_to_end(self, run: Run, *, is_new: bool) -> None:
        if is_new:
            await self._announce(run.execution)
        await run.execute()
        await asyncio.shield(self._finish(run.execution))

    async def _finish(self, execution: Execution) -> None:
        # Announced before it is written down: a kill in between announces it twice, never not.
        await self._announce(execution)
        if self._journal is not None and execution.history is not None:
            self._journal.end(execution.arn, execution.outcome(), execution.history.events)
        self._runs.pop(execution.arn, None)
        self.executions.retire(execution)
        for future in execution.watchers:
            if not future.done():
                future.set_result(execution)
        execution.watchers.clear()

    async def _announce(self, execution: Execution) -> None:
        try:
            await self.cloud.emit(
                "aws.states", _STATUS_CHANGE, status_change(execution), [execution.arn]
            )
        except Exception:
            # The execution itself must go on.
            logger.exception("The status change of %s was not announced", execution.arn)

    def _restore(self, stored: StoredExecution, machine: StateMachine) -> Execution:
        document, outcome = stored.document, stored.outcome
        arn = document["arn"]
        execution = Execution(
            arn,
            document["name"],
            machine,
            Document.parse(document["input"]),
            document["started"],
            Ledger(arn, stored.records, self._journal),
            map_run=document.get("map_run"),
        )
        if outcome is not None:
            execution.history = None
            execution.status = outcome["status"]
            execution.stopped = outcome["stopped"]
            execution.output = outcome["output"]
            execution.error, execution.cause = outcome["error"], outcome["cause"]
        return execution


def _expect_late(execution: Execution, key: str) -> None:
    # After a restart the execution may not have come to the task again yet.
    ledger = execution.ledger
    if ledger.get(key) is not None or ledger.get(f"{key}:submitted") is None:
        raise ServiceError("TaskTimedOut", _TOO_LATE)


def _machine_of(document: dict[str, Any]) -> StateMachine:
    return StateMachine(
        document["arn"],
        document["name"],
        document["definition"],
        document["role_arn"],
        document["created"],
        parse_definition(document["definition"]),
        document["updated"],
        document["revision"],
        document["settings"],
        document["tags"],
    )
