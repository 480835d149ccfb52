"""Dropping files, and following them to their end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from windfall import identity
from windfall_cli.errors import CommandError
from windfall_cli.stack import Stack

MULTIPART_ABOVE = 1_000_000_000
"""Larger files go up in parts; S3 takes 5 GB in one piece."""


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """A file in the inbox, and the identity under which its insights will be found."""

    file_id: str
    bucket: str
    key: str
    version_id: str
    path: str


def drop_file(
    stack: Stack, path: Path, key: str, metadata: Mapping[str, str] | None = None
) -> DroppedFile:
    """Put a file into the inbox.

    Raises:
        CommandError: The file can't be read or the inbox does not take it.
    """
    bucket = stack.output("InboxBucketName")
    client = stack.client("s3")
    try:
        version = _upload(client, path, bucket, key, dict(metadata or {}))
    except OSError as error:
        raise CommandError(f"{path} can not be read: {error.strerror}") from error
    except ClientError as error:
        message = error.response["Error"]["Message"]
        raise CommandError(f"The inbox does not take {path.name}: {message}") from error
    return DroppedFile(identity.file_id(bucket, key, version), bucket, key, version, str(path))


def _upload(s3: Any, path: Path, bucket: str, key: str, metadata: dict[str, str]) -> str:
    if path.stat().st_size > MULTIPART_ABOVE:
        s3.upload_file(str(path), bucket, key, ExtraArgs={"Metadata": metadata})
        return str(s3.head_object(Bucket=bucket, Key=key)["VersionId"])
    with path.open("rb") as body:
        return str(s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)["VersionId"])


def pauses() -> Iterator[None]:
    """Ever longer pauses between two looks: 50 ms at first, 1 s at most."""
    pause = 0.05
    while True:
        yield
        time.sleep(pause)
        pause = min(1.0, pause * 1.3)
