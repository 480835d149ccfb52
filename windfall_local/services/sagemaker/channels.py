"""Data of a job: what S3 has under a URI, as files in a folder."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from windfall_local.api import ServiceError
from windfall_local.services.sagemaker.objects import Objects, Place, read_uri, reading_failed


class DownloadError(Exception):
    """The data of a job can't be fetched; the message says why."""


async def fetch(objects: Objects, source: dict[str, Any], folder: Path, region: str) -> int:
    """Copy everything that a source names into a folder.

    Args:
        objects: S3, as the job's role.
        source: Has `S3DataType` and `S3Uri`.
        folder: Made if there is something.
        region: For the message.

    Returns:
        How many files there are.

    Raises:
        DownloadError: There is nothing, or it must not be read.
    """
    count = 0
    try:
        async for place, name in found(objects, source):
            await objects.fetch(place, folder / name)
            count += 1
    except ServiceError as error:
        raise DownloadError(
            f"Data download failed: Failed to download data. {reading_failed(error)} "
            f'(S3 URL "{source["S3Uri"]}")'
        ) from error
    if not count:
        raise DownloadError(
            f'Data download failed: No S3 objects found under S3 URL "{source["S3Uri"]}" given in '
            "input data source. Please ensure that the bucket exists in the selected region "
            f"({region}), that objects exist under that S3 prefix, and that the role has "
            "s3:ListBucket permissions on the bucket."
        )
    return count


async def found(objects: Objects, source: dict[str, Any]) -> AsyncIterator[tuple[Place, str]]:
    """Every object of a source, and the name that its file gets.

    Raises:
        DownloadError: A manifest is none.
    """
    place = read_uri(source["S3Uri"])
    if source.get("S3DataType", "S3Prefix") == "ManifestFile":
        async for named in _of_manifest(objects, place):
            yield named
        return
    base = _base(place.key)
    async for one, size in objects.listed(place):
        # A key that ends in a slash is a folder that some console made.
        if not (one.key.endswith("/") and size == 0):
            yield one, _name(one.key, base)


async def _of_manifest(objects: Objects, place: Place) -> AsyncIterator[tuple[Place, str]]:
    """A manifest: `[{"prefix": "s3://bucket/folder/"}, "a.csv", "b.csv"]`."""
    try:
        prefix, *names = json.loads(await objects.read(place))
        base = read_uri(prefix["prefix"])
    except (ValueError, TypeError, KeyError) as error:
        raise DownloadError(f"The manifest {place.uri} is none: {error}") from error
    for name in names:
        yield Place(base.bucket, base.key + name), name


def _base(prefix: str) -> str:
    """What of the keys is not part of the files' names."""
    return prefix if prefix.endswith("/") or not prefix else f"{prefix}/"


def _name(key: str, base: str) -> str:
    if key.startswith(base):
        return key.removeprefix(base)
    # The prefix is the object itself, or cuts through names.
    return key[base.rstrip("/").rfind("/") + 1 :]
