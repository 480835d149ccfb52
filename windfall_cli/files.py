"""Files of a stack: finding one by what a person calls it, following it, reading its insights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from windfall import identity, keys
from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import OutcomeStatus
from windfall_cli.errors import CommandError
from windfall_cli.stack import Stack

DAYS_SEARCHED = 31
ANALYZING = "analyzing"
_ID_PREFIX = re.compile(r"^[0-9a-f]{6,40}$")


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as its row shows it."""

    file_id: str
    key: str
    status: str
    received: str
    kind: str | None = None
    profile: str | None = None
    reason: str | None = None
    seconds: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether its manifest is written."""
        return self.status != ANALYZING


def read_states(stack: Stack, file_ids: Iterable[str]) -> dict[str, FileState]:
    """The rows of these files; one that is not admitted yet is missing."""
    wanted = [{"pk": {"S": keys.file_pk(one)}, "sk": {"S": keys.FILE_SK}} for one in file_ids]
    table = stack.output("InsightsTableName")
    client = stack.client("dynamodb")
    states = {}
    while wanted:
        answer = client.batch_get_item(
            RequestItems={table: {"Keys": wanted[:100], "ConsistentRead": True}}
        )
        unanswered = answer["UnprocessedKeys"].get(table, {}).get("Keys", [])
        wanted = wanted[100:] + unanswered
        for item in answer["Responses"][table]:
            state = _state(item)
            states[state.file_id] = state
    return states


def list_recent(stack: Stack, most: int) -> Iterator[FileState]:
    """The newest files first, of the last month."""
    client = stack.client("dynamodb")
    today = datetime.now(UTC)
    for day in range(DAYS_SEARCHED):
        date = (today - timedelta(days=day)).strftime("%Y-%m-%d")
        pages = client.get_paginator("query").paginate(
            TableName=stack.output("InsightsTableName"),
            IndexName=keys.RECENT_INDEX,
            KeyConditionExpression="recent_pk = :day",
            ExpressionAttributeValues={":day": {"S": keys.recent_pk(date)}},
            ScanIndexForward=False,
        )
        for page in pages:
            for item in page["Items"]:
                if most == 0:
                    return
                most -= 1
                yield _state(item)


def count_outcomes(stack: Stack, file_id: str) -> int:
    """How many features of a file have ended so far."""
    answer = stack.client("s3").list_objects_v2(
        Bucket=stack.output("ResultsBucketName"),
        Prefix=f"{keys.results_prefix(file_id)}outcomes/",
    )
    return int(answer["KeyCount"])


def find_file(stack: Stack, name: str) -> str:
    """The id of the file that a person means: an id, its beginning, a path, or a key.

    Raises:
        CommandError: No file, or more than one, is called so.
    """
    if len(name) == 40 and _ID_PREFIX.match(name):
        return name
    bucket = stack.output("InboxBucketName")
    for key in dict.fromkeys([name, Path(name).name]):
        try:
            head = stack.client("s3").head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NotFound"}:
                raise
        else:
            return identity.file_id(bucket, key, head["VersionId"])
    if _ID_PREFIX.match(name):
        found = {s.file_id for s in list_recent(stack, 10_000) if s.file_id.startswith(name)}
        if len(found) == 1:
            return found.pop()
        if found:
            raise CommandError(f"{len(found)} files begin with {name}.", "Give more digits.")
    raise CommandError(
        f"No file is called {name!r}.", "List the newest: windfall status   Drop one: windfall drop"
    )


def read_manifest(stack: Stack, file_id: str) -> Manifest:
    """A file's story.

    Raises:
        CommandError: It has none (yet), or one that this version does not understand.
    """
    bucket, key = stack.output("ResultsBucketName"), keys.manifest_key(file_id)
    try:
        body = stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise CommandError(
            f"The file {file_id} has no insights yet.", "See how it stands: windfall status"
        ) from error
    try:
        return Manifest.model_validate_json(body)
    except ValidationError as error:
        raise CommandError(
            f"s3://{bucket}/{key} is not a manifest that this version reads: {error}"
        ) from error


def read_results(stack: Stack, manifest: Manifest) -> dict[str, Any]:
    """What each feature found: JSON as data, text as text; sound stays where it is."""
    results: dict[str, Any] = {}
    for outcome in manifest.outcomes:
        pointer = outcome.result
        if outcome.status is not OutcomeStatus.OK or pointer is None:
            continue
        if pointer.key.endswith(".json"):
            results[outcome.feature] = json.loads(read_object(stack, pointer))
        elif pointer.key.endswith(".txt"):
            results[outcome.feature] = read_object(stack, pointer).decode()
    return results


def read_object(stack: Stack, pointer: S3Pointer) -> bytes:
    """The whole of an object."""
    version = {"VersionId": pointer.version_id} if pointer.version_id else {}
    answer = stack.client("s3").get_object(Bucket=pointer.bucket, Key=pointer.key, **version)
    return bytes(answer["Body"].read())


def _state(item: dict[str, dict[str, str]]) -> FileState:
    def text(name: str) -> str | None:
        return item.get(name, {}).get("S")

    seconds = item.get("seconds", {}).get("N")
    return FileState(
        file_id=item["pk"]["S"].removeprefix("FILE#"),
        key=text("key") or "",
        status=text("status") or ANALYZING,
        received=text("received") or "",
        kind=text("kind"),
        profile=text("profile"),
        reason=text("reason"),
        seconds=None if seconds is None else float(seconds),
    )
