"""Distributed Maps: each item, or batch of items, in a child execution of its own.

What was read is recorded before the first child starts, and each child's end when it is heard, so
that after a restart the same items go on under the same names, and what has ended stays so.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from windfall_local.api import Principal, ServiceError
from windfall_local.workflows.definition import Distribution, MapState
from windfall_local.workflows.documents import Document
from windfall_local.workflows.failures import (
    RUNTIME,
    THRESHOLD,
    StateFailure,
)
from windfall_local.workflows.fanout import items_of
from windfall_local.workflows.map_items import number_of, read_inputs
from windfall_local.workflows.map_runs import MapRun
from windfall_local.workflows.redrives import MAX_MAP_RUN_REDRIVES
from windfall_local.workflows.result_writer import transformed, write_results

if TYPE_CHECKING:
    from windfall_local.workflows.executions import Execution
    from windfall_local.workflows.visits import Visit

MOST_AT_ONCE = 1_000
"""Child executions at a time here, whatever `MaxConcurrency` says; AWS runs up to 10,000."""

_DENIED = "StepFunctions.AccessDeniedException"
_NAMES = uuid.UUID("8f0d4d0e-6f4f-4f1c-9d56-0d6c6f0e5a51")
"""Child executions are named by place, so that a restart finds those that it began."""


async def run_distributed(visit: Visit, state: MapState, distribution: Distribution) -> Document:
    """Run a child execution for each item or batch.

    Raises:
        StateFailure: More failed than is tolerated, or items or results cannot be read or written.
    """
    work = _Work(visit, state, distribution)
    work.note_begin()
    try:
        result = await work.do()
    except StateFailure as failure:
        work.close("FAILED")
        if failure.error == RUNTIME:
            visit.begun = 0  # a redrive begins a new run
        visit.note("MapRunFailed", failure.error, failure.cause)
        visit.note("MapStateFailed")
        raise
    except asyncio.CancelledError:
        if not visit.run.suspending:
            work.close("ABORTED")
            visit.note("MapRunAborted")
        raise
    work.close("SUCCEEDED")
    visit.note("MapRunSucceeded")
    visit.note("MapStateSucceeded")
    return result


class _Work:
    """One attempt at a distributed Map."""

    def __init__(self, visit: Visit, state: MapState, distribution: Distribution) -> None:
        self.visit = visit
        self.state = state
        self.distribution = distribution
        self.surroundings = visit.run.surroundings
        parent = visit.run.execution
        self.caller = Principal.role(parent.state_machine.role_arn, session=parent.name)
        self.machine = self.surroundings.child_machine(parent.state_machine, distribution)
        self.id = str(uuid.uuid5(_NAMES, f"{parent.arn}|{visit.attempt_key}"))
        place = self.machine.arn.partition(":stateMachine:")
        self.run = MapRun(
            arn=f"{place[0]}:mapRun:{place[2]}:{self.id}",
            execution=parent.arn,
            machine=self.machine.arn,
            started=visit.run.time(visit.branch),
            limit=number_of(visit, state.concurrency, "integer") or 0,
            tolerated_count=number_of(visit, state.tolerated_count, "integer"),
            tolerated_percentage=number_of(visit, state.tolerated_percentage, "number"),
        )
        self.surroundings.map_runs.add(self.run)
        if visit.repeats:
            standing = visit.run.going_on[visit.key]
            self.run.redrives = standing.times
            self.run.redriven = parent.redrives[standing.drive - 1].at
        self.inputs: list[str] = []
        self.ends: dict[int, dict[str, Any]] = {}

    def note_begin(self) -> None:
        """Note in the history that the run begins, or that it is redriven."""
        visit, run = self.visit, self.run
        if visit.repeats:
            visit.note("MapRunRedriven", run.arn, run.redrives)
            return
        reader = self.distribution.reader
        visit.note("MapStateStarted", 0 if reader else len(items_of(visit, self.state)))
        visit.note("MapRunStarted", run.arn)

    async def do(self) -> Document:
        """Read, run, write."""
        if self.run.redrives > MAX_MAP_RUN_REDRIVES:
            raise StateFailure(
                RUNTIME, f"A Map Run can be redriven {MAX_MAP_RUN_REDRIVES} times at most."
            )
        await self._gather()
        await self._run_all()
        children = [self.ends[index] for index in sorted(self.ends)]
        writer = self.distribution.writer
        tolerated = self.run.tolerates()
        result: dict[str, Any] | None = None
        if writer is not None and writer.arguments is not None:
            pending = [text for index, text in enumerate(self.inputs) if index not in self.ends]
            place = self.visit.evaluate(writer.arguments, self.visit.bindings(), "object")
            run = (self.run.arn, self.id)
            written = await self._once(
                self._redriven_key("written"),
                lambda: write_results(
                    writer, place, run, children, pending, self.surroundings.cloud, self.caller
                ),
            )
            self.run.written = len(children)
            result = {"MapRunArn": self.run.arn, "ResultWriterDetails": written}
        if not tolerated:
            raise StateFailure(THRESHOLD, "The specified tolerated failure threshold was exceeded.")
        if result is not None:
            return Document.of(result, self.state.name)
        transformation = "COMPACT" if writer is None else writer.transformation
        return Document.of(transformed(children, transformation), self.state.name)

    def close(self, status: str) -> None:
        """Note how the run ended."""
        self.run.status = status
        self.run.stopped = self.surroundings.now()

    async def _once(self, what: str, do: Callable[[], Any]) -> Any:
        """Do something outside, or take what came of it before the restart."""
        key = f"{self.visit.attempt_key}:{what}"
        record = self.visit.run.ledger.get(key)
        if record is not None:
            return record.value
        self.visit.branch.replayed = None
        value = await do()
        self.visit.run.ledger.put(key, self.surroundings.now(), value)
        return value

    # --- Items --------------------------------------------------------------------------------

    async def _gather(self) -> None:
        batches = await self._once("items", self._read)
        self.inputs = [text for text, _ in batches]
        self.run.batches = [items for _, items in batches]
        self.visit.begun = 1

    async def _read(self) -> list[tuple[str, int]]:
        # Children are started with the machine's own permission to start itself, as on AWS.
        own = {"stateMachineArn": self.visit.run.execution.state_machine.arn}
        try:
            await self.surroundings.check("StartExecution", own, self.caller)
        except ServiceError as error:
            raise StateFailure(
                _DENIED, f"A distributed Map starts executions of its own machine. {error.message}"
            ) from error
        return await read_inputs(self.visit, self.state, self.distribution, self.caller)

    # --- Children -----------------------------------------------------------------------------

    async def _run_all(self) -> None:
        """Start children as far as the limit allows, until all ended or too many failed."""
        waiting = iter(self._left())
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                while len(running) < self._limit() and self.run.tolerates():
                    index = next(waiting, None)
                    if index is None:
                        break
                    running.add(asyncio.ensure_future(self._run_child(index)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                if not self.run.tolerates():
                    return
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _limit(self) -> int:
        return min(self.run.limit or MOST_AT_ONCE, MOST_AT_ONCE)

    def _left(self) -> list[int]:
        """The children that are yet to end, or to be redriven; of the others the end is taken."""
        left = []
        for index in range(len(self.inputs)):
            end = self._earlier_end(index)
            if end is None:
                left.append(index)
            else:
                self._count(index, end)
        return left

    def _earlier_end(self, index: int) -> dict[str, Any] | None:
        """How a child ended before the restart or redrive, unless it is to be redriven."""
        for redrives in range(self.run.redrives, -1, -1):
            record = self.visit.run.ledger.get(self._key(index, redrives))
            if record is None:
                continue
            end: dict[str, Any] = record.value
            if redrives == self.run.redrives or end["status"] == "SUCCEEDED":
                return end
            self.run.awaits.add(index)
            return None
        return None

    def _key(self, index: int, redrives: int) -> str:
        suffix = f"@{redrives}" if redrives else ""
        return f"{self.visit.attempt_key}[{index}]:child{suffix}"

    def _redriven_key(self, what: str) -> str:
        return f"{what}@{self.run.redrives}" if self.run.redrives else what

    def _name(self, index: int) -> str:
        place = f"{self.id}[{index}]"
        if self.run.redrives and self.distribution.is_express:
            place += f"@{self.run.redrives}"  # Express executions are started anew
        return str(uuid.uuid5(_NAMES, place))

    async def _begin(self, index: int, name: str, arn: str) -> None:
        """Start a child, or redrive the one that is there, unless a restart has found it so."""
        if self.run.redrives and not self.distribution.is_express:
            token = f"{self.run.arn}#{self.run.redrives}"
            try:
                if not await self.surroundings.redrive_child(arn, token, self.caller):
                    self.run.lost.add(index)
            except ServiceError as error:
                raise StateFailure(
                    _DENIED, f"A distributed Map redrives its child executions. {error.message}"
                ) from error
        await self.surroundings.begin_child(
            self.machine, name, arn, Document.parse(self.inputs[index]), self.run.arn
        )

    async def _run_child(self, index: int) -> None:
        self.visit.branch.replayed = None
        name = self._name(index)
        arn = f"{self.machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        items = self.run.batches[index]
        self.run.running += 1
        self.run.running_items += items
        try:
            await self._begin(index, name, arn)
            child = await self.surroundings.watch(arn)
        except asyncio.CancelledError:
            if not self.visit.run.suspending:
                self.surroundings.abort(arn)
            raise
        finally:
            self.run.running -= 1
            self.run.running_items -= items
        end = _end_of(child)
        key = self._key(index, self.run.redrives)
        self.visit.run.ledger.put(key, self.surroundings.now(), end)
        self._count(index, end)

    def _count(self, index: int, end: dict[str, Any]) -> None:
        self.ends[index] = end
        self.run.awaits.discard(index)
        self.run.ended[end["status"]] += 1
        self.run.ended_items[end["status"]] += self.run.batches[index]


def _end_of(child: Execution) -> dict[str, Any]:
    """What is kept of a child that ended, as JSON."""
    return {
        "arn": child.arn,
        "machine": child.state_machine.arn,
        "input": child.input.text,
        "started": child.started,
        "redrives": len(child.redrives),
        **child.outcome(),
    }
