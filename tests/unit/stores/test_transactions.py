"""Transactions on tables: all or nothing, and no dearer in a table with many rows."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest

from windfall_local.api import ServiceError
from windfall_local.stores.stores import Stores

ONLY_NEW = "attribute_not_exists(pk)"
SET = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "changed"}}}


@pytest.fixture(params=["pk and sk", "pk alone", "pk and sk, with a stream"])
async def table(request: pytest.FixtureRequest) -> AsyncIterator[Table]:
    stores = Stores("us-east-1", "127.0.0.1:1")
    made = Table(stores, has_range_key="sk" in request.param)
    await made.create(stream="stream" in request.param)
    yield made
    await stores.call("dynamodb", "DeleteTable", {"TableName": "t"})
    stores.close()


class Table:
    def __init__(self, stores: Stores, *, has_range_key: bool) -> None:
        self._stores = stores
        self._names = ["pk", "sk"] if has_range_key else ["pk"]

    async def create(self, *, stream: bool) -> None:
        parameters: dict[str, Any] = {
            "TableName": "t",
            "KeySchema": [
                {"AttributeName": name, "KeyType": kind}
                for name, kind in zip(self._names, ["HASH", "RANGE"], strict=False)
            ],
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in self._names
            ],
            "BillingMode": "PAY_PER_REQUEST",
        }
        if stream:
            parameters["StreamSpecification"] = {
                "StreamEnabled": True,
                "StreamViewType": "NEW_IMAGE",
            }
        await self._stores.call("dynamodb", "CreateTable", parameters)

    def key(self, pk: str) -> dict[str, Any]:
        return {name: {"S": pk} for name in self._names}

    def put(self, pk: str, **more: Any) -> dict[str, Any]:
        item = {**self.key(pk), "v": {"S": "new"}}
        return {"Put": {"TableName": "t", "Item": item, **more}}

    def update(self, pk: str) -> dict[str, Any]:
        return {"Update": {"TableName": "t", "Key": self.key(pk), **SET}}

    def delete(self, pk: str) -> dict[str, Any]:
        return {"Delete": {"TableName": "t", "Key": self.key(pk)}}

    async def transact(self, *items: dict[str, Any]) -> None:
        await self._stores.call("dynamodb", "TransactWriteItems", {"TransactItems": list(items)})

    async def rows(self) -> dict[str, str]:
        found = await self._stores.call("dynamodb", "Scan", {"TableName": "t"})
        return {item["pk"]["S"]: item["v"]["S"] for item in found["Items"]}


async def test_all_of_a_transaction_is_done(table: Table) -> None:
    await table.transact(table.put("old"), table.put("gone"))
    await table.transact(table.put("a"), table.update("old"), table.delete("gone"))
    assert await table.rows() == {"a": "new", "old": "changed"}


async def test_nothing_of_a_cancelled_transaction_is_done(table: Table) -> None:
    await table.transact(table.put("old"), table.put("kept"), table.put("there"))
    with pytest.raises(ServiceError, match="TransactionCanceled"):
        await table.transact(
            table.put("a"),
            table.update("old"),
            table.update("fresh"),
            table.delete("kept"),
            table.put("there", ConditionExpression=ONLY_NEW),
        )
    assert await table.rows() == {"old": "new", "kept": "new", "there": "new"}


async def test_a_row_named_twice_changes_nothing(table: Table) -> None:
    with pytest.raises(ServiceError, match="multiple operations"):
        await table.transact(table.put("a"), table.update("a"))
    assert await table.rows() == {}


async def test_no_transaction_copies_the_table(
    table: Table, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if "stream" in request.node.callspec.id:
        pytest.skip("a table with a stream is put back by moto, stream and all")
    for number in range(50):
        await table.transact(table.put(f"{number}"))
    copied = 0
    deepcopy = copy.deepcopy

    def count(value: Any, memo: Any = None) -> Any:
        nonlocal copied
        copied += 1
        return deepcopy(value, memo)

    monkeypatch.setattr(copy, "deepcopy", count)
    await table.transact(table.put("one more"))
    assert copied < 50
