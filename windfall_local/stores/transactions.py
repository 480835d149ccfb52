"""Transactions on moto's tables that cost what they touch, not what the table holds.

moto copies the whole table before every transaction, to put it back should one fail: with ten
thousand rows that is a second for each. Here the few rows that are named are copied instead.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_in_transaction = False


def fit_transactions() -> None:
    """Adapt moto; called once."""
    from moto.dynamodb.models import DynamoDBBackend  # noqa: PLC0415 - see `moto_fit.backends`
    from moto.dynamodb.models.table import Table  # noqa: PLC0415

    transact = DynamoDBBackend.transact_write_items

    def transact_lightly(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        rows = _touched(backend, transact_items)
        if rows is None:
            transact(backend, transact_items)
            return
        before = [(table, pk, sk, copy.deepcopy(_row(table, pk, sk))) for table, pk, sk in rows]
        try:
            with _whole_tables_left_alone():
                transact(backend, transact_items)
        except Exception:
            for table, pk, sk, row in before:
                _put_back(table, pk, sk, row)
            raise

    def copy_table(table: Any, memo: dict[int, Any]) -> Any:
        if _in_transaction:
            return table
        twin = memo[id(table)] = Table.__new__(Table)
        twin.__dict__.update(copy.deepcopy(table.__dict__, memo))
        return twin

    DynamoDBBackend.transact_write_items = transact_lightly
    Table.__deepcopy__ = copy_table


@contextmanager
def _whole_tables_left_alone() -> Iterator[None]:
    # The stores answer one call at a time, so a switch for all of moto is enough.
    global _in_transaction  # noqa: PLW0603
    _in_transaction = True
    try:
        yield
    finally:
        _in_transaction = False


def _touched(
    backend: Any, transact_items: list[dict[str, Any]]
) -> list[tuple[Any, Any, Any]] | None:
    """Tables and keys of the rows that a transaction names; None where moto must do it its way.

    That is when a table has a stream, which would have to be put back too, and when something is
    wrong with the request, which moto says best.
    """
    from moto.dynamodb.models.dynamo_type import DynamoType  # noqa: PLC0415

    rows = []
    for item in transact_items:
        request: dict[str, Any] = next(iter(item.values()), {})
        table = backend.tables.get(request.get("TableName"))
        key = request.get("Item") or request.get("Key") or {}
        if table is None or table.stream_shard is not None or table.hash_key_attr not in key:
            return None
        name = table.range_key_attr
        if name is not None and name not in key:
            return None
        sk = None if name is None else DynamoType(key[name])
        rows.append((table, DynamoType(key[table.hash_key_attr]), sk))
    return rows


def _row(table: Any, pk: Any, sk: Any) -> Any:
    """A row as moto keeps it, or None."""
    found = table.items.get(pk)
    return found.get(sk) if sk is not None and found is not None else found


def _put_back(table: Any, pk: Any, sk: Any, row: Any) -> None:
    if sk is None:
        if row is None:
            table.items.pop(pk, None)
        else:
            table.items[pk] = row
    elif row is None:
        table.items.get(pk, {}).pop(sk, None)
    else:
        table.items[pk][sk] = row
