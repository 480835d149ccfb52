"""DynamoDB tables."""

from __future__ import annotations

from typing import Any, ClassVar

from windfall_local.template.errors import TemplateError
from windfall_local.template.resources.kinds import (
    ANY,
    Calls,
    Made,
    Properties,
    Shape,
    Wanted,
    pick,
)

_THROUGHPUT: Shape = {"ReadCapacityUnits": ANY, "WriteCapacityUnits": ANY}
_KEYS: Shape = {"AttributeName": ANY, "KeyType": ANY}
_PROJECTION: Shape = {"ProjectionType": ANY, "NonKeyAttributes": ANY}


class Table:
    """A table with its indexes."""

    type = "AWS::DynamoDB::Table"
    attributes = frozenset({"Arn", "StreamArn"})
    honours: ClassVar[Shape] = {
        "TableName": ANY,
        "AttributeDefinitions": {"AttributeName": ANY, "AttributeType": ANY},
        "KeySchema": _KEYS,
        "BillingMode": ANY,
        "ProvisionedThroughput": _THROUGHPUT,
        "GlobalSecondaryIndexes": {
            "IndexName": ANY,
            "KeySchema": _KEYS,
            "Projection": _PROJECTION,
            "ProvisionedThroughput": _THROUGHPUT,
        },
        "LocalSecondaryIndexes": {"IndexName": ANY, "KeySchema": _KEYS, "Projection": _PROJECTION},
        "StreamSpecification": {"StreamViewType": ANY},
        "SSESpecification": {"SSEEnabled": ANY, "SSEType": ANY, "KMSMasterKeyId": ANY},
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": ANY,
            "RecoveryPeriodInDays": ANY,
        },
        "TimeToLiveSpecification": {"AttributeName": ANY, "Enabled": ANY},
        "DeletionProtectionEnabled": ANY,
        "TableClass": ANY,
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create the table, or bring its settings up to date; its keys can't change."""
        properties = wanted.properties
        name = properties.get("TableName") or wanted.name
        found = await calls.find("dynamodb", "DescribeTable", "ResourceNotFound", TableName=name)
        if found is None:
            created = await calls("dynamodb", "CreateTable", **_creation(name, properties))
            table = created.get("TableDescription", {})
        else:
            table = found["Table"]
            await _update(name, table, wanted, calls)
        await _set_recovery(name, properties, calls)
        await _set_expiry(name, properties, calls)
        arn = table.get("TableArn") or calls.arn("dynamodb", f"table/{name}")
        return Made(name, {"Arn": arn, "StreamArn": table.get("LatestStreamArn", "")})


def _creation(name: str, properties: Properties) -> Properties:
    parameters: Properties = {"TableName": name} | pick(
        properties,
        "AttributeDefinitions",
        "KeySchema",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "DeletionProtectionEnabled",
        "TableClass",
        "Tags",
    )
    parameters["BillingMode"] = properties.get("BillingMode", "PROVISIONED")
    if stream := properties.get("StreamSpecification"):
        parameters["StreamSpecification"] = {"StreamEnabled": True} | stream
    if encryption := properties.get("SSESpecification"):
        parameters["SSESpecification"] = {"Enabled": encryption.get("SSEEnabled", False)} | pick(
            encryption, "SSEType", "KMSMasterKeyId"
        )
    return parameters


async def _update(name: str, table: Properties, wanted: Wanted, calls: Calls) -> None:
    properties = wanted.properties
    if _keys(table["KeySchema"]) != _keys(properties["KeySchema"]):
        raise TemplateError(
            f"{wanted.logical_id}: the keys of table {name} can't change; "
            "give the table another name, or start with an empty data directory."
        )
    existing = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
    indexes = {one["IndexName"]: one for one in properties.get("GlobalSecondaryIndexes", [])}
    changes = [{"Delete": {"IndexName": index}} for index in sorted(existing - indexes.keys())]
    changes += [{"Create": indexes[index]} for index in sorted(indexes.keys() - existing)]
    for change in changes:  # One at a time, as DynamoDB wants it.
        await calls(
            "dynamodb",
            "UpdateTable",
            TableName=name,
            AttributeDefinitions=properties["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[change],
        )


def _keys(schema: list[dict[str, str]]) -> set[tuple[str, str]]:
    return {(key["AttributeName"], key["KeyType"]) for key in schema}


async def _set_recovery(name: str, properties: Properties, calls: Calls) -> None:
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        await calls(
            "dynamodb",
            "UpdateContinuousBackups",
            TableName=name,
            PointInTimeRecoverySpecification=recovery,
        )


async def _set_expiry(name: str, properties: Properties, calls: Calls) -> None:
    expiry: dict[str, Any] | None = properties.get("TimeToLiveSpecification")
    if expiry is None:
        return
    found = await calls("dynamodb", "DescribeTimeToLive", TableName=name)
    now = found.get("TimeToLiveDescription", {})
    enabled = now.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    if enabled and expiry["Enabled"] and now.get("AttributeName") == expiry["AttributeName"]:
        return
    if enabled or expiry["Enabled"]:
        await calls("dynamodb", "UpdateTimeToLive", TableName=name, TimeToLiveSpecification=expiry)


KINDS = (Table(),)
