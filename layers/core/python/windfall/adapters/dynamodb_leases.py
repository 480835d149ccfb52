"""Amazon DynamoDB as the table of slots and of who waits for one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from windfall import keys
from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.adapters.dynamodb_values import Item, key_of, wire
from windfall.clock import Clock, utc_now
from windfall.errors import ConflictError, TransientError
from windfall.ports.leases import Lease, Room, Waiter
from windfall.quotas import JOB_QUOTAS

FIRST = 50
"""Who waits at the head of the queue; each run hands out one slot after the other."""
_KEPT = timedelta(days=14)
"""How long a row stays that nobody takes away: longer than any job or execution."""
_TRIES = 5


class DynamoLeaseTable:
    """The rows `QUOTA#…` of the table `insights`.

    Args:
        table: The table's name.
        client: A DynamoDB client; the process's own by default.
    """

    def __init__(self, table: str, client: Any = None, clock: Clock = utc_now) -> None:
        self._table = table
        self._given_client = client
        self._clock = clock

    @property
    def _client(self) -> Any:
        return self._given_client or store_client("dynamodb")

    def look(self, service: str) -> Room:
        """Every lease, and the first who wait; consistent reads."""
        limit, leases = JOB_QUOTAS[service].default, []
        for item in self._rows(service, keys.LIMIT_SK, f"{keys.SLOT_PREFIX}~"):
            if item["sk"]["S"] == keys.LIMIT_SK:
                limit = int(item["limit"]["N"])
            else:
                leases.append(_lease(item))
        waiting = self._rows(service, keys.WAIT_PREFIX, f"{keys.WAIT_PREFIX}~", most=FIRST)
        return Room(limit, tuple(leases), tuple(map(_waiter, waiting)))

    def take(self, service: str, slot: int, waiter: Waiter, due: str) -> Lease | None:
        """Hold a slot that is free, to be used at once."""
        lease = _new_lease(slot, waiter, due, used=True)
        request = self._put(service, lease)
        return lease if self._attempts(self._client.put_item, **request) else None

    def grant(self, service: str, slot: int, waiter: Waiter, due: str) -> Lease | None:
        """Hold a slot that is free for a waiter, who waits no more."""
        lease = _new_lease(slot, waiter, due, used=False)
        no_more = {
            "TableName": self._table,
            "Key": key_of(keys.quota_pk(service), keys.wait_sk(waiter.since, waiter.holder)),
            "ConditionExpression": "#tokens = :tokens",
            "ExpressionAttributeNames": {"#tokens": "tokens"},
            "ExpressionAttributeValues": {":tokens": {"SS": sorted(waiter.tokens)}},
        }
        writes = [{"Put": self._put(service, lease)}, {"Delete": no_more}]
        granted = self._attempts(self._client.transact_write_items, TransactItems=writes)
        return lease if granted else None

    def renew(self, service: str, lease: Lease, due: str, *, used: bool) -> Lease | None:
        """Hold a lease for longer; one that is used has nobody to be told any more."""
        request = self._as_seen(service, lease)
        request["UpdateExpression"] = "SET #used = :now_used, #due = :now_due"
        if used:
            request["UpdateExpression"] += " REMOVE #tokens"
            request["ExpressionAttributeNames"]["#tokens"] = "tokens"
        request["ExpressionAttributeValues"] |= wire({":now_used": used, ":now_due": due})
        renewed = self._attempts(self._client.update_item, **request)
        tokens = frozenset[str]() if used else lease.tokens
        return lease._replace(used=used, due=due, tokens=tokens) if renewed else None

    def free(self, service: str, lease: Lease, *, unchanged: bool) -> bool:
        """Give a lease back."""
        request = self._as_seen(service, lease)
        if not unchanged:
            request["ConditionExpression"] = "#id = :id"
            request["ExpressionAttributeNames"] = {"#id": "id"}
            request["ExpressionAttributeValues"] = wire({":id": lease.id})
        return self._writes(self._client.delete_item, **request)

    def enqueue(self, service: str, waiter: Waiter) -> None:
        """Wait, or wait with more tokens."""
        self._writes(
            self._client.update_item,
            TableName=self._table,
            Key=key_of(keys.quota_pk(service), keys.wait_sk(waiter.since, waiter.holder)),
            UpdateExpression=(
                "ADD #tokens :tokens"
                " SET #holder = :holder, #owner = :owner, #since = :since, #expires = :expires"
            ),
            ExpressionAttributeNames={
                f"#{name}": name for name in ("tokens", "holder", "owner", "since", "expires")
            },
            ExpressionAttributeValues={
                ":tokens": {"SS": sorted(waiter.tokens)},
                **wire(
                    {
                        ":holder": waiter.holder,
                        ":owner": waiter.owner,
                        ":since": waiter.since,
                        ":expires": self._expires(),
                    }
                ),
            },
        )

    def set_limit(self, service: str, limit: int) -> None:
        """How many slots there are."""
        key = key_of(keys.quota_pk(service), keys.LIMIT_SK)
        with translated_errors():
            self._client.put_item(TableName=self._table, Item={**key, **wire({"limit": limit})})

    def _rows(self, service: str, first: str, last: str, most: int | None = None) -> Iterator[Item]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": wire(
                {":pk": keys.quota_pk(service), ":first": first, ":last": last}
            ),
            "ConsistentRead": True,
        }
        if most is not None:
            request["Limit"] = most
        while True:
            with translated_errors():
                answer = self._client.query(**request)
            yield from answer["Items"]
            if most is not None or "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _put(self, service: str, lease: Lease) -> dict[str, Any]:
        item = {
            **key_of(keys.quota_pk(service), keys.slot_sk(lease.slot)),
            **wire(
                {
                    "id": lease.id,
                    "holder": lease.holder,
                    "owner": lease.owner,
                    "used": lease.used,
                    "due": lease.due,
                    "expires": self._expires(),
                }
            ),
        }
        if lease.tokens:
            item["tokens"] = {"SS": sorted(lease.tokens)}
        return {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def _as_seen(self, service: str, lease: Lease) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": key_of(keys.quota_pk(service), keys.slot_sk(lease.slot)),
            "ConditionExpression": "#id = :id AND #used = :used AND #due = :due",
            "ExpressionAttributeNames": {"#id": "id", "#used": "used", "#due": "due"},
            "ExpressionAttributeValues": wire(
                {":id": lease.id, ":used": lease.used, ":due": lease.due}
            ),
        }

    def _expires(self) -> int:
        return int((self._clock() + _KEPT).timestamp())

    def _attempts(self, write: Callable[..., Any], **request: Any) -> bool:
        """Write, unless the row is not as it was seen, or somebody else is writing it."""
        try:
            return _changes(write, **request)
        except TransientError:
            return False

    def _writes(self, write: Callable[..., Any], **request: Any) -> bool:
        """Write, unless the row is not as it was seen.

        A transaction that is under way on the same row is over in milliseconds.
        """
        for _ in range(_TRIES - 1):
            with suppress(TransientError):
                return _changes(write, **request)
        return _changes(write, **request)


def _changes(write: Callable[..., Any], **request: Any) -> bool:
    """Write, unless the rows are not as they were seen."""
    try:
        with translated_errors():
            write(**request)
    except ConflictError:
        return False
    return True


def _new_lease(slot: int, waiter: Waiter, due: str, *, used: bool) -> Lease:
    name = uuid.uuid4().hex
    return Lease(slot, name, waiter.holder, waiter.owner, used, due, waiter.tokens)


def _lease(item: Item) -> Lease:
    return Lease(
        slot=int(item["sk"]["S"].removeprefix(keys.SLOT_PREFIX)),
        id=item["id"]["S"],
        holder=item["holder"]["S"],
        owner=item["owner"]["S"],
        used=item["used"]["BOOL"],
        due=item["due"]["S"],
        tokens=frozenset(item.get("tokens", {}).get("SS", [])),
    )


def _waiter(item: Item) -> Waiter:
    return Waiter(
        holder=item["holder"]["S"],
        owner=item["owner"]["S"],
        since=item["since"]["S"],
        tokens=frozenset(item["tokens"]["SS"]),
    )
