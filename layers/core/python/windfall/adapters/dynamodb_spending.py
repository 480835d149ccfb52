"""Amazon DynamoDB as the account book."""

from __future__ import annotations

import json
from typing import Any

from windfall import keys
from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.adapters.dynamodb_values import key_of, plain, wire
from windfall.clock import moment_of
from windfall.errors import ConflictError
from windfall.ports.spending import Spent

_KEPT_DAYS = 400
"""A year can be looked back on, month by month."""


class DynamoSpending:
    """The rows `SPEND#…` of the table `insights`.

    An entry and its totals are written in one transaction, under the condition that the entry is
    new, so a total can not drift. Totals lie in shards, for a transaction that meets another one at
    the same row fails.

    Args:
        table: The table's name.
        client: A DynamoDB client; the process's own by default.
    """

    def __init__(self, table: str, client: Any = None) -> None:
        self._table = table
        self._given_client = client

    @property
    def _client(self) -> Any:
        return self._given_client or store_client("dynamodb")

    def record(self, spent: Spent) -> None:
        """Keep an entry and add it to its totals."""
        expires = int(moment_of(spent.day).timestamp()) + _KEPT_DAYS * 86_400
        entry = {
            "pk": keys.spend_pk(spent.day),
            "sk": keys.spend_sk(spent.analysis_id, spent.attempt),
            "analysis_id": spent.analysis_id,
            "attempt": spent.attempt,
            "day": spent.day,
            "file_id": spent.file_id,
            "key": spent.key,
            "kind": spent.kind,
            "profile": spent.profile,
            "cost": spent.cost,
            "features": json.dumps(spent.features),
            "expires": expires,
        }
        put = {
            "TableName": self._table,
            "Item": wire(entry),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        totals = [self._addition(period, spent, expires) for period in (spent.day, spent.day[:7])]
        try:
            with translated_errors():
                self._client.transact_write_items(TransactItems=[{"Put": put}, *totals])
        except ConflictError:
            return  # It is in the book already.

    def _addition(self, period: str, spent: Spent, expires: int) -> dict[str, Any]:
        sk = keys.total_sk(spent.profile, spent.analysis_id)
        update = {
            "TableName": self._table,
            "Key": key_of(keys.spend_pk(period), sk),
            "UpdateExpression": "ADD cost :cost SET expires = :expires",
            "ExpressionAttributeValues": wire({":cost": spent.cost, ":expires": expires}),
        }
        return {"Update": update}

    def total(self, period: str, profile: str) -> float:
        """US dollars that a profile spent in a period."""
        with translated_errors():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues=wire(
                    {":pk": keys.spend_pk(period), ":sk": keys.totals_prefix(profile)}
                ),
                ConsistentRead=True,
            )
        return float(sum(plain(item)["cost"] for item in answer["Items"]))

    def entries(self, day: str) -> list[Spent]:
        """What was spent on a day, attempt by attempt."""
        found = []
        with translated_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues=wire(
                    {":pk": keys.spend_pk(day), ":sk": keys.SPEND_PREFIX}
                ),
            )
            for page in pages:
                found += [_spent(plain(item)) for item in page["Items"]]
        return found


def _spent(values: dict[str, Any]) -> Spent:
    fields = {name: values[name] for name in Spent.__slots__ if name != "features"}
    return Spent(**fields, features=json.loads(values["features"]))
