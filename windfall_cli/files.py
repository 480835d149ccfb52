"""Files of a stack: finding one by what a person calls it, following it, reading its insights."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from windfall import identity, keys
from windfall.contracts.base import Contract, S3Pointer
from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import OutcomeStatus
from windfall.insights_reader import InsightsReader
from windfall.ports.insights import FileRow
from windfall_cli.errors import CommandError
from windfall_cli.pictures import annotate
from windfall_cli.stack import Stack
from windfall_cli.timeline_pictures import draw_timeline

_ID_PREFIX = re.compile(r"^[0-9a-f]{6,40}$")


def reader(stack: Stack) -> InsightsReader:
    """Reads the stack's table of insights."""
    return InsightsReader(stack.client("dynamodb"), stack.output("InsightsTableName"))


def count_outcomes(stack: Stack, row: FileRow) -> int:
    """How many features of a file have ended so far, in the folder that its analysis writes to."""
    results = keys.results_prefix(row.file_id)
    if row.revision > 1 and row.analysis_id is not None:
        own = _keys(stack, keys.reanalysis_prefix(row.file_id, row.analysis_id)[:-1])
        folders = Counter(key.partition("/outcomes/")[0] for key in own if "/outcomes/" in key)
        if folders:
            # Of a forced attempt the folder has the attempt behind the analysis.
            return folders[max(folders, key=len)]
    return len(_keys(stack, f"{results}outcomes/"))


def _keys(stack: Stack, prefix: str) -> list[str]:
    """The keys that begin so, a thousand at most."""
    bucket = stack.output("ResultsBucketName")
    answer = stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [one["Key"] for one in answer.get("Contents", [])]


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
        found = reader(stack).matching(name)
        if len(found) == 1:
            return found[0].file_id
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


def put_event(stack: Stack, event: Contract) -> None:
    """Put an event on the stack's bus, under its class's name.

    Raises:
        CommandError: The bus does not take it.
    """
    entry = {
        "EventBusName": stack.output("EventBusName"),
        "Source": "windfall.cli",
        "DetailType": type(event).__name__,
        "Detail": event.model_dump_json(),
    }
    answer = stack.client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise CommandError(f"The bus did not take it: {answer['Entries'][0]['ErrorMessage']}")


def read_results(stack: Stack, manifest: Manifest) -> dict[str, Any]:
    """What each feature found: JSON as data, text as text; sound stays where it is."""
    results: dict[str, Any] = {}
    for outcome in manifest.outcomes:
        pointer = outcome.result
        if outcome.status is not OutcomeStatus.OK or pointer is None:
            continue
        if pointer.key.endswith(".json"):
            results[outcome.feature] = json.loads(read_object(stack, pointer))
        elif pointer.key.endswith((".txt", ".vtt")):
            results[outcome.feature] = read_object(stack, pointer).decode()
    return results


def read_engine(stack: Stack, manifest: Manifest) -> str | None:
    """What heard a recording, where the transcript says so: local engines do, AWS does not."""
    for outcome in manifest.outcomes:
        pointer = outcome.result
        if outcome.feature == "transcript" and pointer is not None:
            head = stack.client("s3").head_object(Bucket=pointer.bucket, Key=pointer.key)
            engine: str | None = head["Metadata"].get("windfall-engine")
            return engine
    return None


def read_object(stack: Stack, pointer: S3Pointer) -> bytes:
    """The whole of an object."""
    version = {"VersionId": pointer.version_id} if pointer.version_id else {}
    answer = stack.client("s3").get_object(Bucket=pointer.bucket, Key=pointer.key, **version)
    return bytes(answer["Body"].read())


def draw_insights(stack: Stack, manifest: Manifest, results: Mapping[str, Any]) -> bytes:
    """What was found in an image or a video, drawn over its pictures, or a table's chart, as PNG.

    Raises:
        CommandError: There is nothing to draw on.
    """
    for file in manifest.files:
        if file.name == "distribution.png":
            return read_object(stack, S3Pointer(bucket=file.bucket, key=file.key))
    if manifest.kind == "video" and "timeline" in results:
        names = {one["name"] for one in results["timeline"].get("thumbnails", [])}
        thumbnails = {
            file.name: read_object(stack, S3Pointer(bucket=file.bucket, key=file.key))
            for file in manifest.files
            if file.name in names
        }
        return draw_timeline(results["timeline"], thumbnails)
    if manifest.kind != "image":
        raise CommandError(f"{manifest.key} has no pictures: there is nothing to draw on.")
    # The working copy is what the services saw, so the boxes fit it.
    copies = [file for file in manifest.files if file.name.startswith("working.")]
    source = (
        S3Pointer(bucket=copies[0].bucket, key=copies[0].key)
        if copies
        else S3Pointer(bucket=manifest.bucket, key=manifest.key, version_id=manifest.version_id)
    )
    return annotate(read_object(stack, source), results)
