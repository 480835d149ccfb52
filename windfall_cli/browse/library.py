"""What a stack holds, read for the pages: files, manifests, results, costs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from windfall import keys
from windfall.clock import moment_of, utc_now
from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import Manifest, ResultFile
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.insights_reader import FileInsights, Found, InsightsReader
from windfall.ports.insights import FileRow
from windfall_cli.errors import CommandError
from windfall_cli.files import find_file, read_manifest
from windfall_cli.stack import Stack

One = TypeVar("One")
Seen = TypeVar("Seen")

PAGE_SIZE = 25
MOST_LOOKED_AT = 2_000
"""Files that one page looks through for those of a kind or status."""
DAYS_BACK = 31
"""Days that one page looks back; each is a query."""
MOST_RESULT = 24_000_000
"""Bytes of a result that is shown; what is larger is downloaded."""
_NOTHING_THERE = frozenset({"NoSuchKey", "NoSuchVersion", "404", "InvalidRange"})
KEPT_DAYS = 400
"""Days back at which the list ends; insights are kept for a year as a rule."""
_THREADS = 8


class Choice(NamedTuple):
    """Which files of the list somebody wants to see; empty says all."""

    kind: str = ""
    status: str = ""

    def takes(self, row: FileRow) -> bool:
        """Whether a file is one of them."""
        return self.kind in {"", row.kind or ""} and self.status in {"", row.status}


class Page(NamedTuple):
    """A part of the list.

    Attributes:
        older: The place behind which the next part begins; None at the end of the list.
        has_more: Whether more is known to be there, and not only worth a look further back.
    """

    rows: list[FileRow]
    older: str | None
    has_more: bool


@dataclass(frozen=True)
class KeptClients(Stack):
    """A stack whose clients are made once; they are shared by the threads that answer."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kept", {})
        object.__setattr__(self, "_making", threading.Lock())

    def client(self, service: str) -> Any:
        """A client, kept."""
        kept: dict[str, Any] = self.__dict__["_kept"]
        with self.__dict__["_making"]:
            if service not in kept:
                kept[service] = super().client(service)
            return kept[service]

    def close(self) -> None:
        """Close every client."""
        for client in self.__dict__["_kept"].values():
            client.close()

    @classmethod
    def of(cls, stack: Stack) -> KeptClients:
        """The same stack, with kept clients.

        Raises:
            CommandError: There is no such stack, or it can not be asked.
        """
        kept = cls(stack.name, stack.is_local, stack.session, stack.endpoint)
        kept.__dict__["outputs"] = stack.outputs
        return kept


class Library:
    """Everything that is read of one stack.

    Args:
        stack: As the command line opens it.

    Raises:
        CommandError: There is no such stack, or it can not be asked.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = KeptClients.of(stack)
        self._pool = ThreadPoolExecutor(_THREADS, "browse")

    def close(self) -> None:
        """End what was begun."""
        self._pool.shutdown()
        self.stack.close()

    @property
    def reader(self) -> InsightsReader:
        """Reads the table of insights."""
        client = self.stack.client("dynamodb")
        return InsightsReader(client, self.stack.output("InsightsTableName"))

    def page(self, choice: Choice, older_than: str | None) -> Page:
        """The newest files of a choice that are older than a place in the list."""
        found: list[FileRow] = []
        for number, row in enumerate(self.reader.walk(older_than, DAYS_BACK), 1):
            if choice.takes(row):
                found.append(row)
            if len(found) == PAGE_SIZE or number == MOST_LOOKED_AT:
                return Page(found, keys.recent_sk(row.received, row.file_id), has_more=True)
        return Page(found, self._days_before(older_than), has_more=False)

    def _days_before(self, older_than: str | None) -> str | None:
        """The day before those that were looked at; None where no file is kept for so long."""
        newest = utc_now() if older_than is None else moment_of(older_than[:10])
        day = newest - timedelta(days=DAYS_BACK)
        if day < utc_now() - timedelta(days=KEPT_DAYS):
            return None
        # Whatever comes of that day sorts before it.
        return day.strftime("%Y-%m-%dZ")

    def costs(self, rows: Sequence[FileRow]) -> dict[str, float]:
        """US dollars by list price that the results of files took, by their ids."""
        shown = [row for row in rows if row.generation is not None]
        pairs = zip(shown, self._pool.map(self.reader.outcomes, shown), strict=True)
        return {row.file_id: cost_of(row, outcomes) for row, outcomes in pairs}

    def search(self, words: str, types: Sequence[str]) -> list[Found]:
        """Every hit of a term."""
        return self.reader.search(words, types)

    def called(self, name: str) -> FileRow | None:
        """The file of a key, an id or its beginning, as the command line finds it."""
        if not Path(name).name:
            return None
        try:
            file_id = find_file(self.stack, name)
        except (CommandError, ClientError):
            return None  # No file, several, or what S3 does not take as a key.
        return self.reader.files([file_id]).get(file_id)

    def file(self, file_id: str) -> FileInsights | None:
        """A file with its outcomes and terms."""
        return self.reader.file(file_id)

    def manifest(self, file_id: str) -> Manifest | None:
        """A file's manifest; None when it has none yet, or one that is not understood."""
        try:
            return read_manifest(self.stack, file_id)
        except CommandError:
            return None

    def results(self, manifest: Manifest) -> dict[str, Any]:
        """By feature, what was found: JSON as data, text as text; what is too large is left out."""
        pointers = {
            outcome.feature: outcome.result
            for outcome in manifest.outcomes
            if outcome.status is OutcomeStatus.OK
            and outcome.result is not None
            and outcome.result.key.endswith((".json", ".txt"))
        }
        bodies = self._pool.map(self.read, pointers.values())
        return {
            feature: document
            for (feature, pointer), body in zip(pointers.items(), bodies, strict=True)
            if body is not None and (document := _parsed(pointer, body)) is not None
        }

    def named(self, manifest: Manifest, names: Iterable[str]) -> dict[str, bytes]:
        """The bytes of results by their names; what is not there, or too large, is missing."""
        files = {file.name: file for file in manifest.files}
        wanted = [files[name] for name in names if name in files]
        bodies = self._pool.map(self.read, (pointer_of(file) for file in wanted))
        return {
            file.name: body for file, body in zip(wanted, bodies, strict=True) if body is not None
        }

    def beginnings(self, manifest: Manifest, names: Iterable[str], most: int) -> dict[str, bytes]:
        """The first bytes of results by their names; what is not there is missing."""
        files = {file.name: file for file in manifest.files}
        found = {}
        for name in names:
            if name in files:
                pointer = pointer_of(files[name])
                body = self.read(pointer, most, part=f"bytes=0-{most - 1}")
                found[name] = body or b""
        return found

    def each(self, look: Callable[[One], Seen], things: Iterable[One]) -> list[Seen]:
        """What a look at each of some things sees, several at once."""
        return list(self._pool.map(look, things))

    def read(
        self, pointer: S3Pointer, most: int = MOST_RESULT, part: str | None = None
    ) -> bytes | None:
        """An object or a part of it; None if it is gone, empty, or larger than that."""
        which = {"VersionId": pointer.version_id} if pointer.version_id else {}
        if part is not None:
            which["Range"] = part
        try:
            answer = self.stack.client("s3").get_object(
                Bucket=pointer.bucket, Key=pointer.key, **which
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOTHING_THERE:
                return None
            raise
        with answer["Body"] as body:
            return bytes(body.read()) if answer["ContentLength"] <= most else None


def cost_of(row: FileRow, outcomes: Iterable[Outcome]) -> float:
    """What a file's results took; those in another file's folder took nothing."""
    return sum(
        outcome.cost or 0.0
        for outcome in outcomes
        if outcome.result is None or keys.owner_of_prefix(outcome.result.key) == row.file_id
    )


def pointer_of(file: ResultFile) -> S3Pointer:
    """Where a result lies."""
    return S3Pointer(bucket=file.bucket, key=file.key)


def _parsed(pointer: S3Pointer, body: bytes) -> Any:
    text = body.decode(errors="replace")
    if not pointer.key.endswith(".json"):
        return text
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, Mapping) else None
