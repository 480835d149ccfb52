"""Keeps executions running: starts, stops, brings back, announces, and writes down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.mirror.disk import said_of_the_disk
from windfall_local.workflows.answers import status_change
from windfall_local.workflows.definition import Distribution
from windfall_local.workflows.documents import Document
from windfall_local.workflows.executions import Execution, Executions, Ledger, StateMachine
from windfall_local.workflows.failures import StateFailure
from windfall_local.workflows.interpreter import Run
from windfall_local.workflows.journal import Journal
from windfall_local.workflows.machine_roles import Authorize
from windfall_local.workflows.map_runs import MapRuns
from windfall_local.workflows.redrives import Redrivability, Redrive, redrivability, redriven_with
from windfall_local.workflows.restoring import restored_execution, restored_machine
from windfall_local.workflows.tokens import (
    TaskTokens,
)
from windfall_local.workflows.traced import ExecutionTraces

logger = logging.getLogger(__name__)

_STATUS_CHANGE = "Step Functions Execution Status Change"


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
        self.traces = ExecutionTraces(cloud, now)
        self.machines: dict[str, StateMachine] = {}
        self.executions = Executions(journal, max_ended)
        self._journal = journal
        self._runs: dict[str, Run] = {}
        self._authorize = authorize
        self._child_machines: dict[str, StateMachine] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Bring back what the journal kept; executions that were running go on."""
        if self._journal is None:
            return
        self._journal.open()
        revisions = {
            revision: restored_machine(document)
            for revision, document in self._journal.revisions().items()
        }
        for revision in self._journal.machines():
            self.machines[revisions[revision].arn] = revisions[revision]
        for stored in self._journal.executions():
            execution = restored_execution(stored, revisions[stored.revision], self._journal)
            self.executions.add(execution)
            if execution.running:
                self._run(execution, is_new=False)

    async def stop(self) -> None:
        """Lay down what is running; with a journal it goes on at the next start."""
        tasks = [*self._stopping]
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
        trace: str = "",
    ) -> None:
        """Start an execution; when this returns, it will survive."""
        ledger = Ledger(arn, journal=self._journal)
        execution = Execution(
            arn, name, machine, document, self.now(), ledger, map_run=map_run, trace=trace
        )
        self.executions.add(execution)
        if self._journal is not None:
            self._journal.save_execution(arn, machine.revision, execution.document())
        self._run(execution, is_new=True)
        await self.flush()

    async def check(self, operation: str, parameters: dict[str, str], caller: Principal) -> None:
        """Check that somebody may call an operation of Step Functions.

        Raises:
            ServiceError: `AccessDeniedException`.
        """
        if self._authorize is not None:
            await self._authorize("stepfunctions", operation, parameters, caller)

    def redrivability(self, execution: Execution) -> Redrivability:
        """Whether an execution can be redriven now; one of a distributed Map, by its Map."""
        has_machine = execution.map_run is not None or execution.state_machine.arn in self.machines
        return redrivability(execution, self.now(), has_machine=has_machine)

    async def redrive(self, execution: Execution, token: str) -> float | None:
        """Let an execution go on that did not succeed; when this returns, it will survive.

        Args:
            execution: The execution.
            token: The client token; with the same one it goes on once.

        Returns:
            When, in seconds of the epoch; None when it can not be redriven.
        """
        if execution.task is not None and not execution.running:
            await asyncio.wait([execution.task])  # it has ended, and is being written down
        await self.flush()
        earlier = redriven_with(execution, token, self.now())
        if earlier is not None:
            return earlier.at
        if self.redrivability(execution).status == "NOT_REDRIVABLE":
            return None
        redrive = Redrive(self.now(), token, execution.unfinished or {})
        execution.go_on(redrive, *self.executions.revive(execution))
        if self._journal is not None:
            self._journal.redrive(execution.arn, execution.document())
        self._run(execution, is_new=True)
        await self.flush()
        return redrive.at

    async def redrive_child(self, arn: str, token: str, caller: Principal) -> bool:
        """Redrive a child execution of a distributed Map, unless it was with this token.

        Returns:
            False when it can not be redriven: its end stays.

        Raises:
            ServiceError: `AccessDeniedException`.
        """
        execution = self.executions.get(arn)
        if execution is None:
            return True
        run = self._runs.get(arn)
        if run is not None and run.stopping is not None:
            await self.watch(arn)
        if execution.running or (execution.redrives and execution.redrives[-1].token == token):
            return True
        await self.check("RedriveExecution", {"executionArn": arn}, caller)
        return await self.redrive(execution, token) is not None

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

    def stop_nested(self, execution_arn: str, caller: Principal) -> None:
        """End an execution that nobody waits for any more, if who began it may stop it."""
        stopping = asyncio.get_running_loop().create_task(self._stop(execution_arn, caller))
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)

    async def _stop(self, execution_arn: str, caller: Principal) -> None:
        try:
            await self.check("StopExecution", {"executionArn": execution_arn}, caller)
        except ServiceError as error:
            # It goes on, as on AWS.
            logger.warning("%s can not be stopped: %s", execution_arn, error)
            return
        self.abort(execution_arn)

    def _run(self, execution: Execution, *, is_new: bool) -> None:
        run = Run(execution, self)
        self._runs[execution.arn] = run
        execution.task = asyncio.get_running_loop().create_task(
            self._run_to_end(run, is_new=is_new), name=execution.arn
        )

    async def _run_to_end(self, run: Run, *, is_new: bool) -> None:
        if is_new:
            await self._announce(run.execution)
            await self.traces.started(run.execution)
        await run.execute()
        await asyncio.shield(self._finish(run.execution))

    async def _finish(self, execution: Execution) -> None:
        # Announced before it is written down: a kill in between announces it twice, never not.
        await self._announce(execution)
        await self.traces.ended(execution)
        if self._journal is not None and execution.history is not None:
            is_final = execution.unfinished is None
            self._journal.end(
                execution.arn, execution.outcome(), execution.history.events, is_final=is_final
            )
        self._runs.pop(execution.arn, None)
        self.executions.retire(execution)
        for future in execution.watchers:
            if not future.done():
                future.set_result(execution)
        execution.watchers.clear()

    async def _announce(self, execution: Execution) -> None:
        try:
            await self.cloud.emit(
                "aws.states",
                _STATUS_CHANGE,
                status_change(execution, self.redrivability(execution)),
                [execution.arn],
            )
        except Exception:
            # The execution itself must go on.
            logger.exception("The status change of %s was not announced", execution.arn)
