"""Distributed Maps: each item, or batch of items, in a child execution of its own.

What was read is recorded before the first child starts, and each child's end when it is heard, so
that after a restart the same items go on under the same names, and what has ended stays so.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windfall_local.api import Principal, ServiceError
from windfall_local.workflows.definition import Distribution, ItemBatcher, MapState
from windfall_local.workflows.documents import MAX_BYTES, Document, dump
from windfall_local.workflows.failures import THRESHOLD, QueryFailure, StateFailure
from windfall_local.workflows.fanout import entries_of, items_of
from windfall_local.workflows.item_readers import read_items
from windfall_local.workflows.map_runs import MapRun
from windfall_local.workflows.queries import Template, bindable
from windfall_local.workflows.result_writer import transformed, write_results

if TYPE_CHECKING:
    from windfall_local.workflows.executions import Execution
    from windfall_local.workflows.visits import Visit

MOST_AT_ONCE = 1_000
"""Child executions at a time here, whatever `MaxConcurrency` says; AWS runs up to 10,000."""

_NAMES = uuid.UUID("8f0d4d0e-6f4f-4f1c-9d56-0d6c6f0e5a51")
"""Child executions are named by place, so that a restart finds those that it began."""


async def run_distributed(visit: Visit, state: MapState, distribution: Distribution) -> Document:
    """Run a child execution for each item or batch.

    Raises:
        StateFailure: More failed than is tolerated, or items or results cannot be read or written.
    """
    work = _Work(visit, state, distribution)
    length = 0 if distribution.reader is not None else len(items_of(visit, state))
    visit.note("MapStateStarted", length)
    visit.note("MapRunStarted", work.run.arn)
    try:
        result = await work.do()
    except StateFailure as failure:
        work.close("FAILED")
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
            limit=self._number(state.concurrency, "integer") or 0,
            tolerated_count=self._number(state.tolerated_count, "integer"),
            tolerated_percentage=self._number(state.tolerated_percentage, "number"),
        )
        self.surroundings.map_runs.add(self.run)
        self.inputs: list[str] = []
        self.ends: dict[int, dict[str, Any]] = {}

    def _number(self, template: Template | None, expected: str) -> Any:
        if template is None:
            return None
        return self.visit.evaluate(template, self.visit.bindings(), expected)

    async def do(self) -> Document:
        """Read, run, write."""
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
                "written",
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

    async def _read(self) -> list[tuple[str, int]]:
        """The input of every child, as JSON, with how many items it has."""
        await self._check_permission()
        reader = self.distribution.reader
        if reader is None:
            items: list[Any] | dict[str, Any] = items_of(self.visit, self.state)
        else:
            arguments = self.visit.evaluate(reader.arguments, self.visit.bindings(), "object")
            most = self._number(reader.most, "integer")
            items = await read_items(reader, arguments, most, self.surroundings.cloud, self.caller)
        values = [self._selected(index, item) for index, item in enumerate(entries_of(items))]
        return list(self._batched(values))

    async def _check_permission(self) -> None:
        """Children are started with the machine's own permission to start itself, as on AWS."""
        machine = self.visit.run.execution.state_machine
        try:
            await self.surroundings.check_start(machine, self.caller)
        except ServiceError as error:
            raise StateFailure(
                "StepFunctions.AccessDeniedException",
                f"A distributed Map starts executions of its own machine. {error.message}",
            ) from error

    def _selected(self, index: int, item: dict[str, Any]) -> Any:
        if self.state.selector is None:
            return item["Value"]
        bindings = self.visit.bindings(item={"Item": bindable(item)})
        try:
            return self.visit.evaluate(self.state.selector, bindings, slot=f"[{index}]")
        except QueryFailure as failure:
            raise self.visit.run.note_query_failure(self.visit, failure) from failure

    def _batched(self, values: list[Any]) -> Iterator[tuple[str, int]]:
        batcher = self.distribution.batcher
        if batcher is None:
            for value in values:
                yield Document.of(value, self.state.name).text, 1
            return
        shared = None
        if batcher.input is not None:
            shared = self.visit.evaluate(batcher.input, self.visit.bindings(), "object")
        most, room = self._bounds(batcher)
        frame = len(dump(_batch([], shared)))
        batch: list[Any] = []
        size = frame
        for value in values:
            length = len(dump(value).encode()) + 1
            if batch and (len(batch) >= most or size + length > room):
                yield Document.of(_batch(batch, shared), self.state.name).text, len(batch)
                batch, size = [], frame
            batch.append(value)
            size += length
        if batch:
            yield Document.of(_batch(batch, shared), self.state.name).text, len(batch)

    def _bounds(self, batcher: ItemBatcher) -> tuple[int, int]:
        most = self._number(batcher.most_items, "integer")
        room = self._number(batcher.most_bytes, "integer")
        return most or 2**31, min(room or MAX_BYTES, MAX_BYTES)

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
        """The children that did not end before the restart; of the others the end is taken."""
        left = []
        for index in range(len(self.inputs)):
            record = self.visit.run.ledger.get(self._key(index))
            if record is None:
                left.append(index)
            else:
                self._count(index, record.value)
        return left

    def _key(self, index: int) -> str:
        return f"{self.visit.attempt_key}[{index}]:child"

    async def _run_child(self, index: int) -> None:
        self.visit.branch.replayed = None
        name = str(uuid.uuid5(_NAMES, f"{self.id}[{index}]"))
        arn = f"{self.machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        items = self.run.batches[index]
        self.run.running += 1
        self.run.running_items += items
        try:
            await self.surroundings.begin_child(
                self.machine, name, arn, Document.parse(self.inputs[index]), self.run.arn
            )
            child = await self.surroundings.watch(arn)
        except asyncio.CancelledError:
            if not self.visit.run.suspending:
                self.surroundings.abort(arn)
            raise
        finally:
            self.run.running -= 1
            self.run.running_items -= items
        end = _end_of(child)
        self.visit.run.ledger.put(self._key(index), self.surroundings.now(), end)
        self._count(index, end)

    def _count(self, index: int, end: dict[str, Any]) -> None:
        self.ends[index] = end
        self.run.ended[end["status"]] += 1
        self.run.ended_items[end["status"]] += self.run.batches[index]


def _batch(items: list[Any], shared: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"Items": items} if shared is None else {"BatchInput": shared, "Items": items}


def _end_of(child: Execution) -> dict[str, Any]:
    """What is kept of a child that ended, as JSON."""
    return {
        "arn": child.arn,
        "machine": child.state_machine.arn,
        "input": child.input.text,
        "started": child.started,
        **child.outcome(),
    }
