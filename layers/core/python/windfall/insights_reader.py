"""Reading insights: files, outcomes and terms, by the rule that only shown generations exist.

Used by the command line and the console, on AWS and locally. It asks for nothing that a role with
`dynamodb:Query`, `dynamodb:GetItem` and `dynamodb:BatchGetItem` on the table and its index can not
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from windfall import keys
from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.dynamodb_rows import file_row, listed_terms
from windfall.adapters.dynamodb_values import Item, key_of, plain, wire
from windfall.clock import Clock, moment_of, timestamp, utc_now
from windfall.contracts.outcome import Outcome
from windfall.terms import TERM_TYPES, normalise

if TYPE_CHECKING:
    from windfall.ports.insights import FileRow

_BATCH = 100
"""BatchGetItem takes so many keys."""
_DAYS_BACK = 30


@dataclass(frozen=True, slots=True)
class FileInsights:
    """A file with the outcomes that are shown, and the terms it can be found by."""

    file: FileRow
    outcomes: list[Outcome]
    terms: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Found:
    """A file that has a term."""

    file: FileRow
    type: str
    text: str
    feature: str
    score: float
    count: int


class InsightsReader:
    """Reads the table of insights.

    Args:
        client: A DynamoDB client.
        table: The table's name.
    """

    def __init__(self, client: Any, table: str, clock: Clock = utc_now) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def file(self, file_id: str) -> FileInsights | None:
        """A file, its shown outcomes and terms; None when it is unknown."""
        row = self._row(file_id)
        if row is None:
            return None
        if row.generation is None:
            return FileInsights(row, [], [])
        prefix = keys.generation_prefix(row.generation)
        items = list(self._query("pk", keys.file_pk(file_id), "sk", prefix))
        outcomes = [
            Outcome.model_validate_json(item["document"]["S"])
            for item in items
            if "document" in item
        ]
        terms = [term for item in items if "terms" in item for term in listed_terms(item)]
        if self._moved_on(row):
            # The rows may have been removed while they were read.
            return self.file(file_id)
        return FileInsights(row, outcomes, terms)

    def recent(self, limit: int = 20, days: int = _DAYS_BACK) -> list[FileRow]:
        """The latest files, newest first, of at most so many days back."""
        found: list[FileRow] = []
        today = self._clock()
        for back in range(days):
            day = (today - timedelta(days=back)).strftime("%Y-%m-%d")
            for item in self._query("recent_pk", keys.recent_pk(day), newest_first=True):
                found.append(file_row(item))
                if len(found) >= limit:
                    return found
        return found

    def since(self, moment: datetime) -> Iterator[FileRow]:
        """The files since a moment, newest first; from the index, which may be some seconds old."""
        day, beginning = self._clock(), timestamp(moment)
        while day.date() >= moment.date():
            pk = keys.recent_pk(day.strftime("%Y-%m-%d"))
            for item in self._query("recent_pk", pk, newest_first=True):
                row = file_row(item)
                if row.received < beginning:
                    return
                yield row
            day -= timedelta(days=1)

    def walk(self, older_than: str | None = None, days: int = _DAYS_BACK) -> Iterator[FileRow]:
        """The files before a place in the list, newest first, of at most so many days.

        Args:
            older_than: A file's `keys.recent_sk`, or a day: what is not older is passed over.
            days: How many days are looked at, that of the place among them.
        """
        day = self._clock() if older_than is None else moment_of(older_than[:10])
        for back in range(days):
            pk = keys.recent_pk((day - timedelta(days=back)).strftime("%Y-%m-%d"))
            for item in self._query("recent_pk", pk, newest_first=True, below=older_than):
                yield file_row(item)

    def outcomes(self, row: FileRow) -> list[Outcome]:
        """The outcomes of a file that are shown, without its terms."""
        if row.generation is None:
            return []
        prefix = keys.outcome_sk(row.generation, "")
        items = self._query("pk", keys.file_pk(row.file_id), "sk", prefix)
        return [Outcome.model_validate_json(item["document"]["S"]) for item in items]

    def matching(self, prefix: str, days: int = _DAYS_BACK) -> list[FileRow]:
        """The recent files whose identity begins so; a person types a few digits of it."""
        return [row for row in self.recent(1000, days) if row.file_id.startswith(prefix)]

    def search(self, words: str, types: Sequence[str] = TERM_TYPES) -> list[Found]:
        """The files that have a term, surest first; case and spacing do not matter."""
        term = normalise(words)
        if not term:
            return []
        items = [item for kind in types for item in self._query("pk", keys.term_pk(kind, term))]
        files = self.files({str(plain(item)["file_id"]) for item in items})
        found = [hit for item in items if (hit := _found(plain(item), files)) is not None]
        return sorted(found, key=lambda hit: (-hit.score, hit.file.file_id, hit.type))

    def files(self, file_ids: Iterable[str]) -> dict[str, FileRow]:
        """The rows of files by their ids; one that is unknown is missing."""
        wanted = [key_of(keys.file_pk(file_id), keys.FILE_SK) for file_id in sorted(file_ids)]
        rows: dict[str, FileRow] = {}
        while wanted:
            now, wanted = wanted[:_BATCH], wanted[_BATCH:]
            request = {self._table: {"Keys": now, "ConsistentRead": True}}
            with translated_errors():
                answer = self._client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                row = file_row(item)
                rows[row.file_id] = row
            wanted += answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        return rows

    def _moved_on(self, row: FileRow) -> bool:
        """Whether new insights took the place of those that were being read."""
        now = self._row(row.file_id)
        return now is not None and now.generation != row.generation

    def _row(self, file_id: str) -> FileRow | None:
        with translated_errors():
            key = key_of(keys.file_pk(file_id), keys.FILE_SK)
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return file_row(answer["Item"]) if "Item" in answer else None

    def _query(
        self,
        pk_name: str,
        pk: str,
        sk_name: str | None = None,
        sk_prefix: str | None = None,
        *,
        newest_first: bool = False,
        below: str | None = None,
    ) -> Iterator[Item]:
        condition, values = "#pk = :pk", {":pk": pk}
        names = {"#pk": pk_name}
        if sk_name is not None and sk_prefix is not None:
            condition += " AND begins_with(#sk, :sk)"
            names["#sk"], values[":sk"] = sk_name, sk_prefix
        if below is not None:
            condition += " AND #sk < :sk"
            names["#sk"], values[":sk"] = "recent_sk", below
        place = {"IndexName": keys.RECENT_INDEX} if pk_name == "recent_pk" else {}
        with translated_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=wire(values),
                ScanIndexForward=not newest_first,
                **place,
            )
            for page in pages:
                yield from page["Items"]


def _found(term: dict[str, Any], files: dict[str, FileRow]) -> Found | None:
    """A hit, if the generation that it belongs to is the one that is shown."""
    row = files.get(term["file_id"])
    if row is None or row.generation != term["generation"]:
        return None
    return Found(
        file=row,
        type=term["type"],
        text=term["text"],
        feature=term["feature"],
        score=float(term["score"]),
        count=int(term["count"]),
    )
