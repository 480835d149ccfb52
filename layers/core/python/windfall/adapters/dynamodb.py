"""Amazon DynamoDB as the index of insights."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from windfall import identity, keys
from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.adapters.dynamodb_rows import (
    analysis_expiry,
    analysis_row,
    attachment_of,
    expiry,
    file_row,
    generation_of,
    generation_rows,
    listed_terms,
    pack_outcomes,
)
from windfall.adapters.dynamodb_spending import reservation_changes
from windfall.adapters.dynamodb_transactions import transact
from windfall.adapters.dynamodb_values import Item, key_of, wire
from windfall.contracts.manifest import FileStatus
from windfall.errors import ConflictError, TransientError
from windfall.ports.insights import (
    ANALYZING,
    AnalysisRow,
    AnalysisState,
    Attachment,
    FileRow,
    Term,
)

if TYPE_CHECKING:
    from windfall.contracts.analysis import AnalysisInput
    from windfall.contracts.manifest import Manifest
    from windfall.contracts.outcome import Outcome
    from windfall.ports.spending import Reservation

_BATCH = 25
"""BatchWriteItem takes so many rows."""
_BATCH_TRIES = 8


class DynamoInsightsIndex:
    """The table `insights`, written by the functions.

    Args:
        table: The table's name.
        client: A DynamoDB client; the process's own by default.
        pause: Waits so many seconds before rows that the table did not take are sent again.
    """

    def __init__(
        self, table: str, client: Any = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._table = table
        self._given_client = client
        self._pause = pause

    @property
    def _client(self) -> Any:
        return self._given_client or store_client("dynamodb")

    def file(self, file_id: str) -> FileRow | None:
        """A file as it stands."""
        item = self._get(keys.file_pk(file_id), keys.FILE_SK)
        return None if item is None else file_row(item)

    def analysis(self, analysis_id: str) -> AnalysisRow | None:
        """An analysis as it stands."""
        item = self._get(keys.analysis_pk(analysis_id), keys.ANALYSIS_SK)
        return None if item is None else analysis_row(item)

    def attachments(self, analysis_id: str, attempt: int) -> list[Attachment]:
        """The files attached to one attempt."""
        rows = self._query(keys.analysis_pk(analysis_id), keys.ATTACHMENT_PREFIX)
        return [attachment_of(row) for row in rows if row["attempt"]["N"] == str(attempt)]

    def analyses_of(self, content_id: str) -> frozenset[str]:
        """The analyses that there were of the same bytes."""
        item = self._get(keys.content_pk(content_id), keys.CONTENT_SK)
        return frozenset() if item is None else frozenset(item["analyses"]["SS"])

    def begin(
        self,
        plan: AnalysisInput,
        attachment: Attachment,
        requested_by: str,
        seen: AnalysisRow | None,
        seen_file: FileRow | None,
        seen_analyses: frozenset[str] = frozenset(),
        reservation: Reservation | None = None,
    ) -> None:
        """Begin an attempt: the analysis, its first file, the file's row and its bytes at once."""
        row = {
            "pk": keys.analysis_pk(plan.analysis_id),
            "sk": keys.ANALYSIS_SK,
            "analysis_id": plan.analysis_id,
            "attempt": plan.attempt,
            "state": AnalysisState.RUNNING.value,
            "attachments": 1,
            "requested_by": requested_by,
            "input": plan.model_dump_json(),
            "expires": analysis_expiry(attachment),
        }
        put = {"TableName": self._table, "Item": wire(row), **_as_seen(seen)}
        content = {
            "TableName": self._table,
            "Key": key_of(keys.content_pk(_content_id(plan)), keys.CONTENT_SK),
            "UpdateExpression": "ADD analyses :analysis SET expires = :expires",
            "ExpressionAttributeValues": {
                ":analysis": {"SS": [plan.analysis_id]},
                **wire({":expires": row["expires"]}),
            },
        }
        if not seen_analyses:
            content["ConditionExpression"] = "attribute_not_exists(pk)"
        changes = [{"Put": put}, {"Update": content}]
        if reservation is not None:
            changes += reservation_changes(self._table, reservation)
        self._transact(changes, plan.analysis_id, plan.attempt, attachment, seen_file)

    def attach(
        self, analysis: AnalysisRow, attachment: Attachment, seen_file: FileRow | None
    ) -> None:
        """Attach a file: the analysis's count, the attachment and the file's row at once."""
        condition = _as_seen(analysis)
        update = {
            "TableName": self._table,
            "Key": key_of(keys.analysis_pk(analysis.analysis_id), keys.ANALYSIS_SK),
            "UpdateExpression": "ADD attachments :one",
            **condition,
            "ExpressionAttributeValues": {
                **condition["ExpressionAttributeValues"],
                **wire({":one": 1}),
            },
        }
        changes = [{"Update": update}]
        self._transact(changes, analysis.analysis_id, analysis.attempt, attachment, seen_file)

    def turn_away(
        self,
        manifest: Manifest,
        revision: int,
        retention_days: int,
        *,
        held_for: str | None = None,
        insights_stand: bool = False,
    ) -> None:
        """Write the row of a file that ends before any analysis."""
        values = {**_file_values(manifest), "revision": revision, "announced": False}
        values["held_for"] = held_for
        values["expires"] = expiry(manifest.received, retention_days)
        with translated_errors():
            self._client.update_item(
                TableName=self._table,
                Key=key_of(keys.file_pk(manifest.file_id), keys.FILE_SK),
                **_update(
                    values,
                    "attribute_not_exists(pk) OR #revision < :revision",
                    remove=() if insights_stand else ("analysis_id", "attempt"),
                ),
            )

    def write_generation(
        self, attachment: Attachment, outcomes: Sequence[Outcome], terms: Sequence[Term]
    ) -> None:
        """Write outcomes and terms in batches."""
        rows = generation_rows(attachment, outcomes, terms)
        self._write([{"PutRequest": {"Item": row}} for row in rows])

    def show(self, manifest: Manifest, attachment: Attachment, *, generation: bool) -> None:
        """End the file, and let its new generation be seen, in one write."""
        values = {**_file_values(manifest), "announced": False}
        if generation:
            values["generation"] = generation_of(attachment.revision)
        known = {":seen": attachment.revision, ":analyzing": ANALYZING}
        with translated_errors():
            self._client.update_item(
                TableName=self._table,
                Key=key_of(keys.file_pk(manifest.file_id), keys.FILE_SK),
                **_update(values, "revision = :seen AND #status = :analyzing", known=known),
            )

    def remove_generation(self, file_id: str, generation: str) -> None:
        """Remove a generation's terms, then the rows that tell which they are."""
        rows = list(self._query(keys.file_pk(file_id), keys.generation_prefix(generation)))
        terms = [
            key_of(keys.term_pk(kind, term), keys.term_sk(file_id, generation))
            for row in rows
            if "terms" in row
            for kind, term in listed_terms(row)
        ]
        self._write([{"DeleteRequest": {"Key": key}} for key in terms])
        own = [{"pk": row["pk"], "sk": row["sk"]} for row in rows]
        self._write([{"DeleteRequest": {"Key": key}} for key in own])

    def announced(self, file_id: str, revision: int) -> None:
        """Note that the bus was told."""
        known = {":seen": revision}
        try:
            with translated_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=key_of(keys.file_pk(file_id), keys.FILE_SK),
                    **_update({"announced": True}, "revision = :seen", known=known),
                )
        except ConflictError:
            return

    def close(
        self,
        analysis_id: str,
        attempt: int,
        attachments: int,
        state: AnalysisState,
        outcomes: Sequence[Outcome],
    ) -> None:
        """End an attempt, if nobody attached meanwhile."""
        known = {
            ":attempt": attempt,
            ":attachments": attachments,
            ":running": AnalysisState.RUNNING.value,
        }
        with translated_errors():
            self._client.update_item(
                TableName=self._table,
                Key=key_of(keys.analysis_pk(analysis_id), keys.ANALYSIS_SK),
                **_update(
                    {"state": state.value, "outcomes": pack_outcomes(outcomes)},
                    "attempt = :attempt AND attachments = :attachments AND #state = :running",
                    known=known,
                ),
            )

    def reopen(self, seen: AnalysisRow, redrives: int) -> None:
        """Let an attempt run again, if nothing became of it since it was seen."""
        known = {":attempt": seen.attempt, ":seen_state": seen.state.value}
        with translated_errors():
            self._client.update_item(
                TableName=self._table,
                Key=key_of(keys.analysis_pk(seen.analysis_id), keys.ANALYSIS_SK),
                **_update(
                    {"state": AnalysisState.RUNNING.value, "redrives": redrives, "outcomes": None},
                    "attempt = :attempt AND #state = :seen_state",
                    known=known,
                ),
            )

    def wait_again(self, attachment: Attachment) -> None:
        """Let a file wait that failed, if it was not taken on since."""
        known = {":seen": attachment.revision, ":failed": FileStatus.FAILED.value}
        values = {"status": ANALYZING, "reason": None, "announced": False}
        try:
            with translated_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=key_of(keys.file_pk(attachment.file.file_id), keys.FILE_SK),
                    **_update(values, "revision = :seen AND #status = :failed", known=known),
                )
        except ConflictError:
            return

    def _transact(
        self,
        changes: list[dict[str, Any]],
        analysis_id: str,
        attempt: int,
        attachment: Attachment,
        seen_file: FileRow | None,
    ) -> None:
        """The analysis's changes together with the attachment and the file's claim."""
        link = {
            "pk": keys.analysis_pk(analysis_id),
            "sk": keys.attachment_sk(attachment.file.file_id, generation_of(attachment.revision)),
            "attempt": attempt,
            "document": attachment.model_dump_json(),
            "expires": analysis_expiry(attachment),
        }
        claim = {
            "TableName": self._table,
            "Key": key_of(keys.file_pk(attachment.file.file_id), keys.FILE_SK),
            **_claim(analysis_id, attempt, attachment, seen_file),
        }
        put = {"Put": {"TableName": self._table, "Item": wire(link)}}
        transact(self._client, [*changes, put, {"Update": claim}], self._pause)

    def _get(self, pk: str, sk: str) -> Item | None:
        with translated_errors():
            answer = self._client.get_item(
                TableName=self._table, Key=key_of(pk, sk), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return item

    def _query(self, pk: str, sk_prefix: str) -> Iterator[Item]:
        with translated_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues=wire({":pk": pk, ":sk": sk_prefix}),
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]

    def _write(self, requests: list[dict[str, Any]]) -> None:
        """Write rows in batches, and again those that the table did not take."""
        for start in range(0, len(requests), _BATCH):
            waiting = requests[start : start + _BATCH]
            for attempt in range(_BATCH_TRIES):
                with translated_errors():
                    answer = self._client.batch_write_item(RequestItems={self._table: waiting})
                waiting = answer.get("UnprocessedItems", {}).get(self._table, [])
                if not waiting:
                    break
                # Full jitter, up to 0.1, 0.2, 0.4 … 6.4 seconds.
                self._pause(random.uniform(0, 0.1 * 2**attempt))
            if waiting:
                raise TransientError(f"BatchWriteItem left {len(waiting)} rows unwritten.")


def _content_id(plan: AnalysisInput) -> str:
    return identity.content_id(plan.file.content_sha256, plan.kind, plan.file.format)


def _as_seen(seen: AnalysisRow | None) -> dict[str, Any]:
    """The condition that an analysis is still in the attempt and state that was seen."""
    if seen is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "attempt = :seen_attempt AND #state = :seen_state",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": wire(
            {":seen_attempt": seen.attempt, ":seen_state": seen.state.value}
        ),
    }


def _claim(
    analysis_id: str, attempt: int, attachment: Attachment, seen_file: FileRow | None
) -> dict[str, Any]:
    """The update that makes a file wait for an analysis; its shown insights stay."""
    file = attachment.file
    values = {
        "file_id": file.file_id,
        "bucket": file.bucket,
        "key": file.key,
        "version_id": file.version_id,
        "received": attachment.received,
        "status": ANALYZING,
        "reason": None,
        "revision": attachment.revision,
        "kind": attachment.kind.value,
        "format": file.format,
        "size": file.size,
        "profile": attachment.profile,
        "analysis_id": analysis_id,
        "attempt": attempt,
        "announced": False,
        "held_for": None,
        "recent_pk": keys.recent_pk(attachment.received),
        "recent_sk": keys.recent_sk(attachment.received, file.file_id),
        "expires": expiry(attachment.received, attachment.retention_days),
    }
    if seen_file is None:
        return _update(values, "attribute_not_exists(pk)")
    return _update(values, "revision = :seen", known={":seen": seen_file.revision})


def _file_values(manifest: Manifest) -> dict[str, Any]:
    """What a FILE row tells of how the file ended."""
    return {
        "file_id": manifest.file_id,
        "bucket": manifest.bucket,
        "key": manifest.key,
        "version_id": manifest.version_id,
        "received": manifest.received,
        "status": manifest.status.value,
        "kind": manifest.kind and manifest.kind.value,
        "format": manifest.format,
        "size": manifest.size,
        "profile": manifest.profile,
        "reason": manifest.reason,
        "recorded": manifest.recorded,
        "seconds": manifest.seconds,
        "recent_pk": keys.recent_pk(manifest.received),
        "recent_sk": keys.recent_sk(manifest.received, manifest.file_id),
    }


def _update(
    values: dict[str, Any],
    condition: str,
    *,
    known: dict[str, Any] | None = None,
    remove: Sequence[str] = (),
) -> dict[str, Any]:
    """An update that sets values (and removes those that are None), under a condition.

    Every attribute goes by a placeholder of its own name, since many (`status`, `key`, `format`)
    are reserved words of DynamoDB.
    """
    present = {name: value for name, value in values.items() if value is not None}
    gone = [*remove, *(name for name, value in values.items() if value is None)]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in present)
    if gone:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    conditional = [name for name in ("status", "state", "revision") if f"#{name}" in condition]
    return {
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {f"#{name}": name for name in [*present, *gone, *conditional]},
        "ExpressionAttributeValues": wire(
            {**{f":{name}": value for name, value in present.items()}, **(known or {})}
        ),
    }
