"""Attribute values: a row comes back as it was put, whatever its values are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from windfall_local.stores.stores import Stores

VALUES: dict[str, Any] = {
    "text": {"S": "Grüße, 你好"},
    "empty": {"S": ""},
    "number": {"N": "3.25"},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "bytes": {"B": b"\x00\xff"},
    "words": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "pieces": {"BS": [b"\x01", b"\x02"]},
    "list": {"L": [{"S": "a"}, {"N": "1"}, {"L": [{"BOOL": False}]}, {"B": b"\xfe"}]},
    "map": {"M": {"S": {"S": "named as a type"}, "deep": {"M": {"N": {"N": "7"}}}}},
}


@pytest.fixture
async def stores() -> AsyncIterator[Stores]:
    stores = Stores("us-east-1", "127.0.0.1:1")
    await stores.call(
        "dynamodb",
        "CreateTable",
        {
            "TableName": "t",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )
    yield stores
    await stores.call("dynamodb", "DeleteTable", {"TableName": "t"})
    stores.close()


async def test_a_row_of_every_type_comes_back_as_it_was_put(stores: Stores) -> None:
    row = {"pk": {"S": "row"}, **VALUES}
    await stores.call("dynamodb", "PutItem", {"TableName": "t", "Item": row})
    key = {"TableName": "t", "Key": {"pk": {"S": "row"}}}
    assert (await stores.call("dynamodb", "GetItem", key))["Item"] == row
    asked = {
        "TableName": "t",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "row"}},
    }
    assert (await stores.call("dynamodb", "Query", asked))["Items"] == [row]
    changed = {
        **key,
        "UpdateExpression": "SET #text = :text",
        "ExpressionAttributeNames": {"#text": "text"},
        "ExpressionAttributeValues": {":text": {"S": "changed"}},
        "ReturnValues": "ALL_NEW",
    }
    after = (await stores.call("dynamodb", "UpdateItem", changed))["Attributes"]
    assert after == {**row, "text": {"S": "changed"}}
