"""The items of a distributed Map: read, selected, put into batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windfall_local.api import Principal
from windfall_local.workflows.definition import Distribution, ItemBatcher, MapState
from windfall_local.workflows.documents import MAX_BYTES, Document, dump
from windfall_local.workflows.failures import QueryFailure
from windfall_local.workflows.fanout import entries_of, items_of
from windfall_local.workflows.item_readers import read_items
from windfall_local.workflows.queries import Template, bindable

if TYPE_CHECKING:
    from windfall_local.workflows.visits import Visit


def number_of(visit: Visit, template: Template | None, expected: str) -> Any:
    """The value of a field that holds a number; None where it is not there."""
    if template is None:
        return None
    return visit.evaluate(template, visit.bindings(), expected)


async def read_inputs(
    visit: Visit, state: MapState, distribution: Distribution, caller: Principal
) -> list[tuple[str, int]]:
    """The input of every child execution, as JSON, with how many items it has.

    Raises:
        StateFailure: The items can't be read, or are not what a Map takes.
    """
    reader = distribution.reader
    if reader is None:
        items: list[Any] | dict[str, Any] = items_of(visit, state)
    else:
        arguments = visit.evaluate(reader.arguments, visit.bindings(), "object")
        most = number_of(visit, reader.most, "integer")
        items = await read_items(reader, arguments, most, visit.run.surroundings.cloud, caller)
    values = [_selected(visit, state, place, item) for place, item in enumerate(entries_of(items))]
    if distribution.batcher is None:
        return [(Document.of(value, state.name).text, 1) for value in values]
    return list(_batched(visit, distribution.batcher, values))


def _selected(visit: Visit, state: MapState, index: int, item: dict[str, Any]) -> Any:
    if state.selector is None:
        return item["Value"]
    bindings = visit.bindings(item={"Item": bindable(item)})
    try:
        return visit.evaluate(state.selector, bindings, slot=f"[{index}]")
    except QueryFailure as failure:
        raise visit.note_query_failure(failure) from failure


def _batched(visit: Visit, batcher: ItemBatcher, values: list[Any]) -> Iterator[tuple[str, int]]:
    name, shared = visit.state.name, None
    if batcher.input is not None:
        shared = visit.evaluate(batcher.input, visit.bindings(), "object")
    most, room = _bounds(visit, batcher)
    frame = len(dump(_batch([], shared)))
    batch: list[Any] = []
    size = frame
    for value in values:
        length = len(dump(value).encode()) + 1
        if batch and (len(batch) >= most or size + length > room):
            yield Document.of(_batch(batch, shared), name).text, len(batch)
            batch, size = [], frame
        batch.append(value)
        size += length
    if batch:
        yield Document.of(_batch(batch, shared), name).text, len(batch)


def _bounds(visit: Visit, batcher: ItemBatcher) -> tuple[int, int]:
    most = number_of(visit, batcher.most_items, "integer")
    room = number_of(visit, batcher.most_bytes, "integer")
    return most or 2**31, min(room or MAX_BYTES, MAX_BYTES)


def _batch(items: list[Any], shared: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"Items": items} if shared is None else {"BatchInput": shared, "Items": items}
