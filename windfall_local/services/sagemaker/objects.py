"""S3 as a role sees it: objects and folders in and out, in pieces that fit in memory."""

from __future__ import annotations

import asyncio
import re
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.services.sagemaker.wording import invalid

_PIECE = 8 * 1024**2
_PART = 16 * 1024**2
"""Bytes that are read, and written, at once."""

_HTTPS = re.compile(r"https://(?:s3[.-][a-z0-9-]*\.?amazonaws\.com/([^/]+)/(.*))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """An object or a folder in S3."""

    bucket: str
    key: str

    @property
    def uri(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"

    def below(self, name: str) -> Place:
        """Something in this folder."""
        folder = self.key.rstrip("/")
        return Place(self.bucket, f"{folder}/{name}" if folder else name)


def read_uri(uri: str) -> Place:
    """What a URI names.

    Raises:
        ServiceError: It names nothing in S3.
    """
    if uri.startswith("s3://"):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
    else:
        match = _HTTPS.fullmatch(uri)
        bucket, key = (match[1], match[2]) if match else ("", "")
    if not bucket:
        raise invalid(f"Invalid S3 URI: {uri!r}.")
    return Place(bucket, key)


class Objects:
    """S3, with the permissions of one role.

    Args:
        cloud: Has S3.
        principal: As whom to read and write.
    """

    def __init__(self, cloud: Cloud, principal: Principal) -> None:
        self._cloud = cloud
        self._principal = principal

    async def size(self, place: Place) -> int:
        """Bytes of an object.

        Raises:
            ServiceError: It is not there, or must not be read.
        """
        found = await self._call("HeadObject", place)
        return int(found["ContentLength"])

    async def fetch(self, place: Place, path: Path) -> int:
        """Copy an object to a file; its size.

        Raises:
            ServiceError: It is not there, or must not be read.
        """
        size = await self.size(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for begin in range(0, size, _PIECE):
                wanted = f"bytes={begin}-{min(begin + _PIECE, size) - 1}"
                part = await self._call("GetObject", place, Range=wanted)
                await asyncio.to_thread(file.write, bytes(part["Body"]))
        return size

    async def read(self, place: Place) -> bytes:
        """A small object's content.

        Raises:
            ServiceError: It is not there, or must not be read.
        """
        found = await self._call("GetObject", place)
        return bytes(found["Body"])

    async def listed(self, prefix: Place) -> AsyncIterator[tuple[Place, int]]:
        """Every object whose key begins so, with its size, in the order of keys."""
        more: dict[str, Any] = {}
        while True:
            answer = await self._cloud.call(
                "s3",
                "ListObjectsV2",
                {"Bucket": prefix.bucket, "Prefix": prefix.key, **more},
                self._principal,
            )
            for found in answer.get("Contents", ()):
                yield Place(prefix.bucket, found["Key"]), int(found["Size"])
            if not answer.get("IsTruncated"):
                return
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    async def put(self, path: Path, place: Place, content_type: str | None = None) -> None:
        """Copy a file to an object; in parts, when it is large.

        Raises:
            ServiceError: It must not be written.
        """
        kind = {"ContentType": content_type} if content_type else {}
        if path.stat().st_size <= _PART:
            await self._call("PutObject", place, Body=path.read_bytes(), **kind)
            return
        upload = await self._call("CreateMultipartUpload", place, **kind)
        named = {"UploadId": upload["UploadId"]}
        try:
            parts = await self._put_parts(path, place, named)
        except BaseException:
            await self._call("AbortMultipartUpload", place, **named)
            raise
        await self._call(
            "CompleteMultipartUpload", place, **named, MultipartUpload={"Parts": parts}
        )

    async def _put_parts(
        self, path: Path, place: Place, upload: dict[str, str]
    ) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        with path.open("rb") as file:
            while content := await asyncio.to_thread(file.read, _PART):
                number = len(parts) + 1
                made = await self._call(
                    "UploadPart", place, **upload, PartNumber=number, Body=content
                )
                parts.append({"PartNumber": number, "ETag": made["ETag"]})
        return parts

    async def _call(self, operation: str, place: Place, **more: Any) -> Any:
        where = {"Bucket": place.bucket, "Key": place.key}
        return await self._cloud.call("s3", operation, where | more, self._principal)


async def unpack(archive: Path, folder: Path) -> None:
    """Open a `.tar.gz`; nothing of it lands outside of the folder.

    Raises:
        tarfile.TarError: It is none, or wants to.
    """
    await asyncio.to_thread(_unpack, archive, folder)


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")


async def pack(folder: Path, archive: Path) -> None:
    """Close a folder's content into a `.tar.gz`."""
    await asyncio.to_thread(_pack, folder, archive)


def _pack(folder: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as opened:
        for path in sorted(folder.iterdir()):
            opened.add(path, PurePosixPath(path.name))


def reading_failed(error: ServiceError) -> str:
    """What S3 said, as failure reasons quote it."""
    return f"{error.code}: {error.message}"
