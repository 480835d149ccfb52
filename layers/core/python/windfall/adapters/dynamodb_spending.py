"""Amazon DynamoDB as the account book."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from windfall import keys
from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.adapters.dynamodb_transactions import transact
from windfall.adapters.dynamodb_values import key_of, plain, wire
from windfall.clock import moment_of
from windfall.errors import ConflictError, TransientError
from windfall.ports.spending import Reservation, Room, Spent, Standing

_KEPT_DAYS = 400
"""A year can be looked back on, month by month."""
_TRIES = 4
"""An entry has two who may write it: the record, and the record of a failure."""


class DynamoSpending:
    """The rows `SPEND#…` of the table `insights`.

    An entry and its totals are written in one transaction, under the condition that the entry is
    new, or as it was read, so a total can not drift. Totals lie in shards, for a transaction that
    meets another one at the same row fails.

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
        """Keep an entry and add it to its totals; of one that is there, what it has grown by."""
        known: Spent | None = None
        for _ in range(_TRIES):
            try:
                transact(self._client, self._changes(spent, known))
                return
            except ConflictError:
                known = self._entry(spent)
            if known is not None and known.cost >= spent.cost:
                return  # It is in the book already.
        raise TransientError("Others write the same entry all the time.")

    def _changes(self, spent: Spent, known: Spent | None) -> list[dict[str, Any]]:
        expires = int(moment_of(spent.day).timestamp()) + _KEPT_DAYS * 86_400
        entry = {
            **_key_of(spent),
            "analysis_id": spent.analysis_id,
            "attempt": spent.attempt,
            "day": spent.day,
            "file_id": spent.file_id,
            "key": spent.key,
            "kind": spent.kind,
            "profile": spent.profile,
            "cost": spent.cost,
            "features": json.dumps(spent.features),
            "reserved": spent.reserved,
            "expires": expires,
        }
        put = {"TableName": self._table, "Item": wire(entry), **_as_known(known)}
        more = dollars(spent.cost) - (dollars(known.cost) if known else 0)
        # What was set aside was given back when the entry was made.
        less = more if known else more - dollars(spent.reserved or 0.0)
        totals = [self._addition(period, spent, more, expires) for period in spent.periods]
        settled = [self._settlement(period, spent, less, more) for period in spent.periods]
        return [{"Put": put}, *totals, *(settled if spent.reserved is not None else [])]

    def _addition(self, period: str, spent: Spent, more: Decimal, expires: int) -> dict[str, Any]:
        sk = keys.total_sk(spent.profile, spent.analysis_id)
        update = {
            "TableName": self._table,
            "Key": key_of(keys.spend_pk(period), sk),
            "UpdateExpression": "ADD cost :cost SET expires = :expires",
            "ExpressionAttributeValues": wire({":cost": more, ":expires": expires}),
        }
        return {"Update": update}

    def _settlement(
        self, period: str, spent: Spent, change: Decimal, more: Decimal
    ) -> dict[str, Any]:
        """What it cost takes the place of what was set aside for it."""
        update = {
            "TableName": self._table,
            "Key": key_of(keys.spend_pk(period), keys.committed_sk(spent.profile)),
            "UpdateExpression": "ADD committed :change, settled :cost",
            "ExpressionAttributeValues": wire({":change": change, ":cost": more}),
        }
        return {"Update": update}

    def _entry(self, spent: Spent) -> Spent | None:
        with translated_errors():
            answer = self._client.get_item(
                TableName=self._table, Key=wire(_key_of(spent)), ConsistentRead=True
            )
        item = answer.get("Item")
        return None if item is None else _spent(plain(item))

    def standing(self, period: str, profile: str) -> Standing:
        """What of a profile's budget is gone in a period: first what is committed, then the rest.

        So what ends in between is in the rest as well, and nothing is left out.
        """
        committed, settled = self._committed(period, profile)
        total = self._total(period, profile)
        steady = self._committed(period, profile)[1] == settled
        return Standing(committed, total - settled, steady)

    def _committed(self, period: str, profile: str) -> tuple[Decimal, Decimal]:
        with translated_errors():
            answer = self._client.get_item(
                TableName=self._table,
                Key=key_of(keys.spend_pk(period), keys.committed_sk(profile)),
                ConsistentRead=True,
            )
        row = answer.get("Item", {})
        committed, settled = (row.get(name, {"N": "0"}) for name in ("committed", "settled"))
        return Decimal(committed["N"]), Decimal(settled["N"])

    def total(self, period: str, profile: str) -> float:
        """US dollars that a profile spent in a period."""
        return float(self._total(period, profile))

    def _total(self, period: str, profile: str) -> Decimal:
        with translated_errors():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues=wire(
                    {":pk": keys.spend_pk(period), ":sk": keys.totals_prefix(profile)}
                ),
                ConsistentRead=True,
            )
        return sum((Decimal(item["cost"]["N"]) for item in answer["Items"]), Decimal(0))

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


def dollars(amount: float) -> Decimal:
    """An amount as it is written, so that what is added is taken away again to the last digit."""
    return Decimal(repr(amount))


def reservation_changes(table: str, reservation: Reservation) -> list[dict[str, Any]]:
    """The changes that set dollars aside, where there is room for them."""
    return [_reserved(table, reservation, room) for room in reservation.rooms]


def _reserved(table: str, reservation: Reservation, room: Room) -> dict[str, Any]:
    expires = int(moment_of(f"{room.period}-01"[:10]).timestamp()) + _KEPT_DAYS * 86_400
    update: dict[str, Any] = {
        "TableName": table,
        "Key": key_of(keys.spend_pk(room.period), keys.committed_sk(reservation.profile)),
        "UpdateExpression": "ADD committed :dollars SET expires = :expires",
        "ExpressionAttributeValues": wire(
            {":dollars": reservation.dollars, ":expires": expires, ":most": room.most}
        ),
    }
    if room.most is not None:
        empty = "attribute_not_exists(committed) OR " if room.most >= 0 else ""
        update["ConditionExpression"] = f"{empty}committed <= :most"
    return {"Update": update}


def _key_of(spent: Spent) -> dict[str, str]:
    sk = keys.spend_sk(spent.analysis_id, spent.attempt)
    return {"pk": keys.spend_pk(spent.day), "sk": sk}


def _as_known(known: Spent | None) -> dict[str, Any]:
    """The condition that an entry is as it was read, or not there."""
    if known is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "cost = :known",
        "ExpressionAttributeValues": wire({":known": known.cost}),
    }


def _spent(values: dict[str, Any]) -> Spent:
    fields: dict[str, Any] = {
        name: values.get(name) for name in Spent.__slots__ if name != "features"
    }
    return Spent(**fields, features=json.loads(values["features"]))
