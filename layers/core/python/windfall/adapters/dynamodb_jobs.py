"""Amazon DynamoDB as the table of long jobs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from windfall import keys
from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.adapters.dynamodb_values import Item, key_of, wire
from windfall.clock import Clock, utc_now
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import ConflictError
from windfall.ports.jobs import JobRow, ParkedJob

_KEPT = timedelta(days=100)
"""How long a row stays: longer than Transcribe keeps a job's name (90 days), so that a job whose
name can not be used again is remembered too."""


class DynamoJobTable:
    """The rows `JOB#…` of the table `insights`.

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

    def find(self, job: JobId) -> JobRow:
        """The row as it stands."""
        key = key_of(keys.job_pk(*_parts(job)), keys.JOB_SK)
        with translated_errors():
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _row(answer.get("Item", {}))

    def park(self, job: JobId, token: str, due: str, handle: str | None = None) -> JobRow:
        """Add a token, keep the handle, and list the job."""
        values = {
            ":token": {"SS": [token]},
            **wire({":listed": keys.PARKED_JOBS, ":place": keys.parked_sk(due, *_parts(job))}),
        }
        expression = "ADD tokens :token SET recent_pk = :listed, recent_sk = :place"
        if handle is not None:
            expression += ", handle = :handle"
            values |= wire({":handle": handle})
        return self._update(job, expression, values)

    def complete(self, job: JobId, completion: Completion) -> JobRow:
        """Write how a job ended, unless that is written already."""
        values = wire({":completion": completion.model_dump_json()})
        expression = "SET completion = if_not_exists(completion, :completion)"
        return self._update(job, expression, values)

    def claim(self, job: JobId, claim: str, instead_of: str | None = None) -> str:
        """Write who submits a job, unless that is written already."""
        values = wire({":claim": claim})
        expression, condition = "SET claim = if_not_exists(claim, :claim)", None
        if instead_of is not None:
            values |= wire({":abandoned": instead_of})
            expression, condition = "SET claim = :claim", "claim = :abandoned"
        try:
            item = self._updated(job, expression, values, condition)
        except ConflictError:
            # Somebody was quicker; whose claim it is now can be asked without a condition.
            return self.claim(job, claim)
        return str(item["claim"]["S"])

    def read(self, job: JobId) -> JobRow:
        """A job as it stands; a consistent read."""
        with translated_errors():
            answer = self._client.get_item(
                TableName=self._table,
                Key=key_of(keys.job_pk(*_parts(job)), keys.JOB_SK),
                ConsistentRead=True,
            )
        return _row(answer.get("Item", {}))

    def postpone(self, job: JobId, due: str) -> None:
        """Ask after a listed job later."""
        values = wire({":place": keys.parked_sk(due, *_parts(job))})
        listed = "attribute_exists(recent_pk)"
        # Otherwise it ended meanwhile, and all were told.
        with suppress(ConflictError):
            self._update(job, "SET recent_sk = :place", values, condition=listed)

    def unlist(self, job: JobId) -> None:
        """Ask after a job no more."""
        self._update(job, "REMOVE recent_pk, recent_sk", {})

    def overdue(self, now: str, limit: int) -> Sequence[ParkedJob]:
        """Listed jobs that are due, from the index."""
        with translated_errors():
            answer = self._client.query(
                TableName=self._table,
                IndexName=keys.RECENT_INDEX,
                KeyConditionExpression="recent_pk = :listed AND recent_sk < :now",
                ExpressionAttributeValues=wire({":listed": keys.PARKED_JOBS, ":now": now}),
                Limit=limit,
            )
        return [
            ParkedJob(JobId(item["service"]["S"], item["job"]["S"]), _handle(item))
            for item in answer["Items"]
        ]

    def _update(
        self, job: JobId, expression: str, values: Item, condition: str | None = None
    ) -> JobRow:
        """One atomic write; the answer is the row after it."""
        return _row(self._updated(job, expression, values, condition))

    def _updated(
        self, job: JobId, expression: str, values: Item, condition: str | None = None
    ) -> Item:
        expires = int((self._clock() + _KEPT).timestamp())
        identity = "service = :service, job = :job, expires = :expires"
        joined = (
            expression.replace("SET ", f"SET {identity}, ")
            if "SET " in expression
            else f"{expression} SET {identity}"
        )
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": key_of(keys.job_pk(*_parts(job)), keys.JOB_SK),
            "UpdateExpression": joined,
            "ExpressionAttributeValues": {
                **values,
                **wire({":service": job.service, ":job": job.name, ":expires": expires}),
            },
            "ReturnValues": "ALL_NEW",
        }
        if condition is not None:
            request["ConditionExpression"] = condition
        with translated_errors():
            item: Item = self._client.update_item(**request)["Attributes"]
        return item


def _parts(job: JobId) -> tuple[str, str]:
    return job.service, job.name


def _row(item: Item) -> JobRow:
    completion = item.get("completion")
    return JobRow(
        tokens=frozenset(item.get("tokens", {}).get("SS", [])),
        completion=None if completion is None else Completion.model_validate_json(completion["S"]),
        listed="recent_pk" in item,
        handle=_handle(item),
    )


def _handle(item: Item) -> str | None:
    return item["handle"]["S"] if "handle" in item else None
