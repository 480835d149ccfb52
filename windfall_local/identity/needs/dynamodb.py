"""Amazon DynamoDB."""

from __future__ import annotations

import re
from typing import Any

from windfall_local.identity.needs.need import Need, Scene, key

_TABLE_OPERATIONS = frozenset(
    {
        "CreateTable",
        "DeleteTable",
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "UpdateContinuousBackups",
        "UpdateTable",
        "UpdateTimeToLive",
    }
)
_ITEM_OPERATIONS = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem"})
_TAG_OPERATIONS = frozenset({"TagResource", "UntagResource", "ListTagsOfResource"})

_TRANSACTED = {
    "ConditionCheck": "ConditionCheckItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
}

_EQUALITY = re.compile(r"([#\w.-]+)\s*=\s*(:\w+)")


def needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a DynamoDB operation."""
    if operation in ("ListTables", "DescribeLimits", "DescribeEndpoints"):
        return [Need(f"dynamodb:{operation}")]
    if operation in _TAG_OPERATIONS:
        return [Need(f"dynamodb:{operation}", parameters["ResourceArn"])]
    if operation in _TABLE_OPERATIONS:
        return [Need(f"dynamodb:{operation}", _table(scene, parameters["TableName"]))]
    if operation in _ITEM_OPERATIONS:
        return [_item(operation, parameters, scene)]
    if operation in ("Query", "Scan"):
        return [_search(operation, parameters, scene)]
    if operation == "BatchGetItem":
        return [
            _batch(operation, table, request.get("Keys", []), scene)
            for table, request in parameters.get("RequestItems", {}).items()
        ]
    if operation == "BatchWriteItem":
        return [
            _batch(operation, table, [_written(entry) for entry in entries], scene)
            for table, entries in parameters.get("RequestItems", {}).items()
        ]
    if operation in ("TransactWriteItems", "TransactGetItems"):
        # A transaction needs what its parts need; it has no action of its own.
        return [
            _item(_TRANSACTED[kind], part, scene)
            for entry in parameters.get("TransactItems", [])
            for kind, part in entry.items()
        ]
    return None


def _table(scene: Scene, name: str) -> str:
    return name if name.startswith("arn:") else scene.arn("dynamodb", f"table/{name}")


def _item(operation: str, parameters: dict[str, Any], scene: Scene) -> Need:
    given = parameters.get("Key") or parameters.get("Item") or {}
    keys = (
        _leading(scene, parameters["TableName"], [given])
        | key("dynamodb:ReturnValues", parameters.get("ReturnValues"))
        | key("dynamodb:ReturnConsumedCapacity", parameters.get("ReturnConsumedCapacity"))
    )
    return Need(f"dynamodb:{operation}", _table(scene, parameters["TableName"]), keys)


def _search(operation: str, parameters: dict[str, Any], scene: Scene) -> Need:
    table = parameters["TableName"]
    resource = _table(scene, table)
    if parameters.get("IndexName"):
        resource += f"/index/{parameters['IndexName']}"
    keys = key("dynamodb:Select", parameters.get("Select"))
    hash_key = scene.hash_key(table)
    value = _asked(parameters, hash_key) if hash_key and operation == "Query" else None
    return Need(f"dynamodb:{operation}", resource, keys | key("dynamodb:LeadingKeys", value))


def _batch(operation: str, table: str, given: list[dict[str, Any]], scene: Scene) -> Need:
    return Need(f"dynamodb:{operation}", _table(scene, table), _leading(scene, table, given))


def _written(entry: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (
        entry["PutRequest"]["Item"] if "PutRequest" in entry else entry["DeleteRequest"]["Key"]
    )
    return found


def _leading(scene: Scene, table: str, given: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """`dynamodb:LeadingKeys`: the partition keys that a request touches."""
    hash_key = scene.hash_key(table)
    if hash_key is None:
        return {}
    values = [_scalar(entry[hash_key]) for entry in given if hash_key in entry]
    return key("dynamodb:LeadingKeys", values) if values else {}


def _asked(parameters: dict[str, Any], hash_key: str) -> str | None:
    """The partition key that a Query names in its key condition."""
    names = parameters.get("ExpressionAttributeNames", {})
    values = parameters.get("ExpressionAttributeValues", {})
    for name, placeholder in _EQUALITY.findall(parameters.get("KeyConditionExpression", "")):
        if names.get(name, name) == hash_key and placeholder in values:
            return _scalar(values[placeholder])
    return None


def _scalar(value: dict[str, Any]) -> str:
    return str(next(iter(value.values())))
