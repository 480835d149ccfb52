"""What an `ItemReader` reads out of S3: listings, JSON, JSON Lines, CSV and inventories.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.workflows.definition import ItemReader
from windfall_local.workflows.documents import load
from windfall_local.workflows.failures import StateFailure
from windfall_local.workflows.shapes import to_parameters

READER_FAILED = "States.ItemReaderFailed"

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
INPUT_TYPES = ("CSV", "JSON", "JSONL", "MANIFEST")


async def read_items(
    reader: ItemReader, arguments: dict[str, Any], most: int | None, cloud: Cloud, caller: Principal
) -> list[Any]:
    """The items of a distributed Map, with the permissions of the machine's role.

    Args:
        reader: The reader, as the definition has it.
        arguments: Its evaluated `Arguments`.
        most: `MaxItems`; None for all.
        cloud: Answers S3's calls.
        caller: Who reads.

    Raises:
        StateFailure: `States.ItemReaderFailed`, with what S3 or the format said.
    """
    place = to_parameters(reader.resource.model.input_shape, arguments, json_text=False)
    try:
        if reader.resource.operation == "ListObjectsV2":
            return await _list(place, most, cloud, caller)
        body = await _get(place, cloud, caller)
        if reader.input_type == "MANIFEST":
            return await _inventory(load(body), most, cloud, caller)
        return _first(_parse(reader, body), most)
    except ServiceError as error:
        raise StateFailure(READER_FAILED, str(error)) from error
    except (ValueError, KeyError, TypeError, csv.Error, OSError) as error:
        raise StateFailure(
            READER_FAILED, f"The items are not {reader.input_type or 'a listing'}: {error}"
        ) from error


async def _get(place: dict[str, Any], cloud: Cloud, caller: Principal) -> bytes:
    return bytes((await cloud.call("s3", "GetObject", place, caller))["Body"])


async def _list(
    place: dict[str, Any], most: int | None, cloud: Cloud, caller: Principal
) -> list[Any]:
    items: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = await cloud.call("s3", "ListObjectsV2", {**place, **token}, caller)
        items += [_listed(entry) for entry in page.get("Contents", ())]
        if not page.get("IsTruncated") or (most is not None and len(items) >= most):
            return _first(items, most)
        token = {"ContinuationToken": page["NextContinuationToken"]}


def _listed(entry: dict[str, Any]) -> dict[str, Any]:
    changed: datetime = entry["LastModified"]
    return {
        "Etag": entry["ETag"],
        "Key": entry["Key"],
        "LastModified": int(changed.timestamp()),
        "Size": entry["Size"],
        "StorageClass": entry.get("StorageClass", "STANDARD"),
    }


async def _inventory(
    manifest: dict[str, Any], most: int | None, cloud: Cloud, caller: Principal
) -> list[Any]:
    """The objects of an S3 inventory, from its manifest's gzipped CSV files."""
    if manifest["fileFormat"] != "CSV":
        raise ValueError(f"inventories in {manifest['fileFormat']} are read on AWS only; use CSV")
    bucket = manifest["destinationBucket"].rpartition(":::")[2]
    names = [name.strip() for name in manifest["fileSchema"].split(",")]
    items: list[Any] = []
    for file in manifest["files"]:
        body = await _get({"Bucket": bucket, "Key": file["key"]}, cloud, caller)
        rows = csv.reader(io.StringIO(gzip.decompress(body).decode()))
        items += [dict(zip(names, row, strict=False)) for row in rows if row]
        if most is not None and len(items) >= most:
            break
    return _first(items, most)


def _parse(reader: ItemReader, body: bytes) -> Iterable[Any]:
    match reader.input_type:
        case "CSV":
            return _table(reader, body)
        case "JSONL":
            return [load(line) for line in body.splitlines() if line.strip()]
        case _:
            items = load(body)
            if not isinstance(items, list):
                raise ValueError("the document is no array")
            return items


def _table(reader: ItemReader, body: bytes) -> Iterable[Any]:
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    rows = csv.reader(text, delimiter=DELIMITERS[reader.delimiter])
    headers = list(reader.headers) if reader.headers is not None else next(rows, [])
    for row in rows:
        if row:
            # Cells that are missing are empty, and cells without a header are left out.
            yield {
                name: row[place] if place < len(row) else "" for place, name in enumerate(headers)
            }


def _first(items: Iterable[Any], most: int | None) -> list[Any]:
    return list(items)[:most]
