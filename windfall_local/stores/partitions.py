"""Queries on moto's tables that look at one partition, not at every row.

moto sorts all rows of a table before every query: with a few thousand files that is a second. Here
a query sees only the rows of its partition, and of a table's partition only those of its range; it
filters and sorts them itself afterwards. It also measures each row, attribute by attribute.
"""

from __future__ import annotations

import inspect
from typing import Any

_wanted: list[list[Any]] = []
"""The rows of the query that is being answered; the stores answer one call at a time."""


def fit_queries() -> None:
    """Adapt moto; called once."""
    from moto.dynamodb.models.dynamo_type import Item  # noqa: PLC0415 - see `moto_fit.backends`
    from moto.dynamodb.models.table import Table  # noqa: PLC0415

    query, all_items = Table.query, Table.all_items
    signature = inspect.signature(query)

    def query_partition(table: Any, *arguments: Any, **more: Any) -> Any:
        asked = signature.bind(table, *arguments, **more).arguments
        if asked.get("index_name"):
            rows = _indexed(table, asked.get("hash_key_conditions") or [])
        else:
            rows = _of_range(_partition(table, asked["hash_key"]), asked)
        _wanted.append(rows)
        try:
            return query(table, *arguments, **more)
        finally:
            _wanted.pop()

    def wanted_items(table: Any) -> list[Any]:
        return _wanted[-1] if _wanted else all_items(table)

    Table.query = query_partition
    Table.all_items = wanted_items
    Item.size = _size


def _partition(table: Any, hash_key: Any) -> list[Any]:
    found = table.items.get(hash_key)
    if found is None:
        return []
    return list(found.values()) if table.range_key_attr else [found]


def _of_range(rows: list[Any], asked: dict[str, Any]) -> list[Any]:
    comparison = asked["range_comparison"]
    if not comparison:
        return rows
    return [row for row in rows if row.range_key.compare(comparison, asked["range_objs"])]


def _size(row: Any) -> int:
    """Bytes of a row, as moto counts them."""
    return sum(
        len(name.encode()) + (len(value.value.encode()) if value.type == "S" else value.size())
        for name, value in row.attrs.items()
    )


def _indexed(table: Any, conditions: list[tuple[str, Any]]) -> list[Any]:
    """The rows that have the index's own partition key, by a look at each."""
    rows = [row for pk in list(table.items) for row in _partition(table, pk)]
    return [row for row in rows if all(_has(row, name, value) for name, value in conditions)]


def _has(row: Any, name: str, value: Any) -> bool:
    found = row.attrs.get(name)
    return found is not None and bool(found == value)
