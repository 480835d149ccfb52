"""Queries: the rows of one partition, in order, whatever else the table holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from windfall_local.stores.stores import Stores

DAYS = ("monday", "tuesday")


@pytest.fixture
async def stores() -> AsyncIterator[Stores]:
    stores = Stores("us-east-1", "127.0.0.1:1")
    names = ("pk", "sk", "day")
    await stores.call(
        "dynamodb",
        "CreateTable",
        {
            "TableName": "t",
            "KeySchema": keys("pk", "sk"),
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "days",
                    "KeySchema": keys("day", "sk"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )
    for number in range(30):
        item = {"pk": f"p{number % 3}", "sk": f"{29 - number:02}", "day": DAYS[number % 2]}
        if number >= 20:
            del item["day"]
        await stores.call(
            "dynamodb",
            "PutItem",
            {"TableName": "t", "Item": {name: {"S": value} for name, value in item.items()}},
        )
    yield stores
    await stores.call("dynamodb", "DeleteTable", {"TableName": "t"})
    stores.close()


def keys(pk: str, sk: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": pk, "KeyType": "HASH"},
        {"AttributeName": sk, "KeyType": "RANGE"},
    ]


async def query(stores: Stores, name: str, value: str, **more: Any) -> list[str]:
    answer = await stores.call(
        "dynamodb",
        "Query",
        {
            "TableName": "t",
            "KeyConditionExpression": "#n = :v",
            "ExpressionAttributeNames": {"#n": name},
            "ExpressionAttributeValues": {":v": {"S": value}},
            **more,
        },
    )
    return [item["sk"]["S"] for item in answer["Items"]]


async def test_a_partition_is_answered_whole_and_in_order(stores: Stores) -> None:
    expected = sorted(f"{29 - number:02}" for number in range(30) if number % 3 == 1)
    assert await query(stores, "pk", "p1") == expected
    assert await query(stores, "pk", "p1", ScanIndexForward=False) == expected[::-1]
    assert await query(stores, "pk", "none") == []


async def test_a_range_of_a_partition_is_answered_page_by_page(stores: Stores) -> None:
    between = {
        "KeyConditionExpression": "#n = :v AND sk BETWEEN :first AND :last",
        "ExpressionAttributeValues": {
            ":v": {"S": "p1"},
            ":first": {"S": "05"},
            ":last": {"S": "20"},
        },
    }
    expected = [f"{number:02}" for number in range(5, 21) if (29 - number) % 3 == 1]
    assert await query(stores, "pk", "p1", **between) == expected
    assert await query(stores, "pk", "p1", **between, Limit=2) == expected[:2]
    after = {"pk": {"S": "p1"}, "sk": {"S": expected[1]}}
    assert await query(stores, "pk", "p1", **between, ExclusiveStartKey=after) == expected[2:]


async def test_a_page_ends_before_a_megabyte(stores: Stores) -> None:
    for number in range(3):
        long = {"pk": {"S": "long"}, "sk": {"S": str(number)}, "text": {"S": "ü" * 190_000}}
        await stores.call("dynamodb", "PutItem", {"TableName": "t", "Item": long})
    assert await query(stores, "pk", "long") == ["0", "1"]


async def test_an_index_has_only_the_rows_with_its_key(stores: Stores) -> None:
    expected = sorted(f"{29 - number:02}" for number in range(20) if number % 2 == 0)
    assert await query(stores, "day", "monday", IndexName="days") == expected
    assert await query(stores, "day", "monday", IndexName="days", Limit=3) == expected[:3]
    assert await query(stores, "day", "sunday", IndexName="days") == []


async def test_a_scan_still_sees_every_row(stores: Stores) -> None:
    await query(stores, "pk", "p1")
    answer = await stores.call("dynamodb", "Scan", {"TableName": "t"})
    assert answer["Count"] == 30
