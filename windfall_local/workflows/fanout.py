"""Parallel and Map: lines of states side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from windfall_local.workflows.definition import Block, MapState, ParallelState
from windfall_local.workflows.documents import Document
from windfall_local.workflows.failures import THRESHOLD, QueryFailure, StateFailure
from windfall_local.workflows.queries import bindable, type_name
from windfall_local.workflows.visits import Branch, Visit

MAX_INLINE = 40
"""Iterations of an inline Map that AWS runs at a time, whatever `MaxConcurrency` says."""


async def _all(work: Iterable[Awaitable[None]]) -> None:
    """Wait for all; when one raises, cancel the others, let them end, and raise it."""
    tasks = [asyncio.ensure_future(item) for item in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _join(parent: Branch, children: list[Branch]) -> None:
    # The parent's time goes on where its last child's is; one that does something new is now.
    times = [child.replayed for child in children]
    if parent.replayed is not None and times:
        known = [time for time in times if time is not None]
        parent.replayed = max(parent.replayed, *known) if len(known) == len(times) else None


async def run_parallel(visit: Visit, state: ParallelState) -> Document:
    """Run every branch; their outputs, in their order.

    Raises:
        StateFailure: A branch failed; the others were aborted.
    """
    document = visit.input
    if state.arguments is not None:
        bindings = visit.bindings()
        document = Document.of(visit.evaluate(state.arguments, bindings), state.name)
    if not visit.repeats:
        visit.note("ParallelStateStarted")
    children = [visit.fork(f"|{index}", index) for index in range(len(state.branches))]
    visit.begun = len(children)
    outputs: list[Document] = [document] * len(children)

    async def run(index: int, block: Block) -> None:
        outputs[index] = await visit.run.run_block(block, document, children[index])
        visit.branch.previous = max(visit.branch.previous, children[index].previous)

    try:
        await _all(run(index, block) for index, block in enumerate(state.branches))
    except StateFailure:
        visit.branch.previous = len(visit.run.history.events)
        visit.note("ParallelStateFailed")
        raise
    _join(visit.branch, children)
    visit.note("ParallelStateSucceeded")
    return Document.join(outputs, state.name)


class _Iterations:
    """A Map's iterations, as far as they have come."""

    def __init__(self, visit: Visit, state: MapState, items: list[Any] | dict[str, Any]) -> None:
        self.visit = visit
        self.state = state
        self.entries = entries_of(items)
        self.outputs: list[Document | None] = [None] * len(self.entries)
        self.children: list[Branch] = []
        self.failed = 0
        self._next = 0
        self._tolerates = self._tolerance()

    def _tolerance(self) -> Callable[[int], bool] | None:
        state, bindings = self.state, self.visit.bindings()
        count = share = None
        if state.tolerated_count is not None:
            count = self.visit.evaluate(state.tolerated_count, bindings, "integer")
        if state.tolerated_percentage is not None:
            share = self.visit.evaluate(state.tolerated_percentage, bindings, "number")
        if count is None and share is None:
            return None
        total = max(1, len(self.entries))
        return lambda failed: (
            (count is None or failed <= count) and (share is None or failed * 100 / total <= share)
        )

    async def work(self) -> None:
        """Run iterations that nobody has begun, one after the other."""
        while self._next < len(self.entries):
            index = self._next
            self._next += 1
            self.visit.begun = max(self.visit.begun, self._next)
            await self._iterate(index)

    async def _iterate(self, index: int) -> None:
        visit, name, item = self.visit, self.state.name, self.entries[index]
        child = visit.fork(f"[{index}]", index, {"Item": item})
        self.children.append(child)
        note = visit.run.note
        note(child, "MapIterationStarted", name, index)
        try:
            document = self._input(index, item)
            output = await visit.run.run_block(self.state.processor, document, child)
        except StateFailure as failure:
            note(child, "MapIterationFailed", name, index)
            output = self._tolerate(failure)
        except asyncio.CancelledError:
            if not visit.run.suspending:
                note(child, "MapIterationAborted", name, index)
            raise
        else:
            note(child, "MapIterationSucceeded", name, index)
        self.outputs[index] = output
        visit.branch.previous = max(visit.branch.previous, child.previous)

    def _input(self, index: int, item: dict[str, Any]) -> Document:
        if self.state.selector is None:
            return Document.of(item["Value"], self.state.name)
        bindings = self.visit.bindings(item={"Item": bindable(item)})
        try:
            value = self.visit.evaluate(self.state.selector, bindings, slot=f"[{index}]")
        except QueryFailure as failure:
            raise self.visit.note_query_failure(failure) from failure
        return Document.of(value, self.state.name)

    def _tolerate(self, failure: StateFailure) -> Document:
        self.failed += 1
        if self._tolerates is None:
            raise failure
        if not self._tolerates(self.failed):
            raise StateFailure(
                THRESHOLD, "The specified tolerated failure threshold was exceeded."
            ) from failure
        return Document.of(failure.output(), self.state.name)


def entries_of(items: list[Any] | dict[str, Any]) -> list[dict[str, Any]]:
    """Items as `$states.context.Map.Item` shows them."""
    if isinstance(items, dict):
        return [
            {"Index": index, "Key": key, "Value": value}
            for index, (key, value) in enumerate(items.items())
        ]
    return [{"Index": index, "Value": value} for index, value in enumerate(items)]


def items_of(visit: Visit, state: MapState) -> list[Any] | dict[str, Any]:
    """The items that `Items` or the input names.

    Raises:
        QueryFailure: They are neither an array nor an object.
    """
    if state.items is not None:
        items: list[Any] | dict[str, Any] = visit.evaluate(
            state.items, visit.bindings(), "array or object"
        )
        return items
    value = visit.input.value
    if not isinstance(value, list | dict):
        raise QueryFailure(
            f"A Map state's input must be an array or an object; it is a {type_name(value)}.",
            "Items",
        )
    return value


async def run_map(visit: Visit, state: MapState) -> Document:
    """Run the processor for each item; the outputs, in the items' order.

    Raises:
        StateFailure: An iteration failed that is not tolerated; the others were aborted.
    """
    items = items_of(visit, state)
    limit = 0
    if state.concurrency is not None:
        limit = int(visit.evaluate(state.concurrency, visit.bindings(), "integer"))
    if not visit.repeats:
        visit.note("MapStateStarted", len(items))
    iterations = _Iterations(visit, state, items)
    workers = min(limit or MAX_INLINE, MAX_INLINE, len(items))
    try:
        await _all(iterations.work() for _ in range(workers))
    except StateFailure:
        visit.branch.previous = len(visit.run.history.events)
        visit.note("MapStateFailed")
        raise
    _join(visit.branch, iterations.children)
    visit.note("MapStateSucceeded")
    return Document.join(
        [output for output in iterations.outputs if output is not None], state.name
    )
