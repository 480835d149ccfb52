"""DynamoDB through the gateway, as the application's table uses it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

TABLE: dict[str, Any] = {
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"}
        for name in ("pk", "sk", "recent_pk", "recent_sk")
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "recent",
            "KeySchema": [
                {"AttributeName": "recent_pk", "KeyType": "HASH"},
                {"AttributeName": "recent_sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def dynamodb(client: Any) -> Any:
    return client("dynamodb")


@pytest.fixture
def table(dynamodb: Any) -> str:
    name = f"insights-{uuid.uuid4()}"
    dynamodb.create_table(TableName=name, **TABLE)
    return name


def item(pk: str, sk: str = "x", **more: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in {"pk": pk, "sk": sk, **more}.items()}


def test_every_type_of_attribute_comes_back(dynamodb: Any, table: str) -> None:
    stored = item("a") | {
        "number": {"N": "12345678901234567890.123"},
        "blob": {"B": b"\x00\xff"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "list": {"L": [{"S": "ü"}, {"M": {"deep": {"N": "1"}}}]},
        "set": {"SS": ["one", "two"]},
    }

    dynamodb.put_item(TableName=table, Item=stored)

    found = dynamodb.get_item(TableName=table, Key=item("a"), ConsistentRead=True)["Item"]
    found["set"]["SS"].sort()
    assert found == stored


def test_a_condition_keeps_what_is_there(dynamodb: Any, table: str) -> None:
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.put_item(TableName=table, Item=item("a", v="1"), **absent)

    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as caught:
        dynamodb.put_item(
            TableName=table,
            Item=item("a", v="2"),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **absent,
        )

    assert caught.value.response["Item"]["v"] == {"S": "1"}


def test_a_transaction_happens_whole_or_not_at_all(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=item("taken"))
    items = [
        {"Put": {"TableName": table, "Item": item("new")}},
        {
            "Put": {
                "TableName": table,
                "Item": item("taken"),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    ]

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_write_items(TransactItems=items)

    codes = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed"]
    assert "Item" not in dynamodb.get_item(TableName=table, Key=item("new"))
    dynamodb.transact_write_items(TransactItems=items[:1])
    assert "Item" in dynamodb.get_item(TableName=table, Key=item("new"))


def test_a_transaction_of_a_hundred_items(dynamodb: Any, table: str) -> None:
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table, "Item": item("many", f"{number:03}")}}
            for number in range(100)
        ]
    )

    found = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "many"}},
        Select="COUNT",
    )
    assert found["Count"] == 100


def test_the_index_has_the_newest_first(dynamodb: Any, table: str) -> None:
    for number in range(3):
        dynamodb.put_item(
            TableName=table,
            Item=item(f"FILE#{number}", recent_pk="FILES#2026-11-23", recent_sk=str(number)),
        )

    found = dynamodb.query(
        TableName=table,
        IndexName="recent",
        KeyConditionExpression="recent_pk = :day",
        ExpressionAttributeValues={":day": {"S": "FILES#2026-11-23"}},
        ScanIndexForward=False,
        Limit=2,
    )

    assert [row["pk"]["S"] for row in found["Items"]] == ["FILE#2", "FILE#1"]
    assert "LastEvaluatedKey" in found


def test_an_update_counts_and_tells(dynamodb: Any, table: str) -> None:
    for expected in ("1", "2"):
        told = dynamodb.update_item(
            TableName=table,
            Key=item("a"),
            UpdateExpression="SET #n = if_not_exists(#n, :zero) + :one",
            ExpressionAttributeNames={"#n": "count"},
            ExpressionAttributeValues={":zero": {"N": "0"}, ":one": {"N": "1"}},
            ReturnValues="ALL_NEW",
        )
        assert told["Attributes"]["count"] == {"N": expected}


def test_a_batch_writes_and_deletes(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=item("old"))

    answer = dynamodb.batch_write_item(
        RequestItems={
            table: [
                {"DeleteRequest": {"Key": item("old")}},
                *({"PutRequest": {"Item": item("new", str(n))}} for n in range(24)),
            ]
        }
    )

    assert answer["UnprocessedItems"] == {}
    assert dynamodb.scan(TableName=table, Select="COUNT")["Count"] == 24


def test_time_to_live_is_kept(dynamodb: Any, table: str) -> None:
    dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )

    told = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


def test_a_table_that_is_not_there_has_the_code_of_aws(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        dynamodb.get_item(TableName="nowhere", Key=item("a"))
