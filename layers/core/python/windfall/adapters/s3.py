"""Amazon S3 as the store of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.contracts.base import S3Pointer
from windfall.errors import InvalidInputError, NotFoundError, TransientError
from windfall.ports.storage import ObjectHead

_CHUNK = 1 << 20
_READERS = 8
_PART = 8 << 20
"""Bytes of a part of a multipart upload at least; S3 takes 5 MB at least and 10,000 parts."""


class S3OpenObject:
    """An object whose bytes are still on their way."""

    def __init__(self, head: ObjectHead, body: Any) -> None:
        self.head = head
        self._body = body

    def chunks(self) -> Iterator[bytes]:
        """The bytes, a megabyte at a time."""
        try:
            yield from self._body.iter_chunks(_CHUNK)
        except (HTTPClientError, IncompleteReadError) as error:
            raise TransientError(f"The connection broke while reading: {error}") from error

    def close(self) -> None:
        """Give the connection back."""
        self._body.close()


class S3ObjectStore:
    """Objects in S3.

    Args:
        client: An S3 client; the process's own by default.
    """

    def __init__(self, client: Any = None) -> None:
        self._given_client = client

    @property
    def _client(self) -> Any:
        return self._given_client or store_client("s3")

    def open(self, pointer: S3Pointer) -> S3OpenObject:
        """Begin to read an object; access denied is the asker's fault, not a bug."""
        return self._open(pointer)

    def _open(self, pointer: S3Pointer, **options: str) -> S3OpenObject:
        parameters = {"Bucket": pointer.bucket, "Key": pointer.key, **options}
        if pointer.version_id is not None:
            parameters["VersionId"] = pointer.version_id
        with translated_errors():
            try:
                answer = self._client.get_object(**parameters)
            except ClientError as error:
                if error.response["Error"]["Code"] in {"AccessDenied", "403"}:
                    message = f"Windfall may not read s3://{pointer.bucket}/{pointer.key}."
                    raise InvalidInputError(message) from error
                raise
        return S3OpenObject(_head(pointer, answer), answer["Body"])

    def read(self, pointer: S3Pointer) -> bytes:
        """The whole object."""
        return _whole(self._open(pointer))

    def read_range(self, pointer: S3Pointer, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`."""
        return _whole(self._open(pointer, Range=f"bytes={start}-{end - 1}"))

    def read_many(self, pointers: Iterable[S3Pointer]) -> list[bytes]:
        """Whole objects, eight at a time."""
        wanted = list(pointers)
        if len(wanted) < 2:
            return [self.read(pointer) for pointer in wanted]
        with ThreadPoolExecutor(min(_READERS, len(wanted))) as pool:
            return list(pool.map(self.read, wanted))

    def find(self, pointer: S3Pointer) -> bytes | None:
        """The whole object, or None when it does not exist."""
        try:
            return self.read(pointer)
        except NotFoundError:
            return None

    def write(self, bucket: str, key: str, body: bytes, media_type: str) -> S3Pointer:
        """Put an object whole."""
        with translated_errors():
            answer = self._client.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType=media_type
            )
        return S3Pointer(bucket=bucket, key=key, version_id=_version(answer))

    def write_if(
        self, bucket: str, key: str, body: bytes, media_type: str, etag: str | None
    ) -> S3Pointer:
        """Put an object whole if there is none, or the one of that ETag."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": f'"{etag}"'}
        with translated_errors():
            answer = self._client.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType=media_type, **condition
            )
        return S3Pointer(bucket=bucket, key=key, version_id=_version(answer))

    def write_pieces(
        self, bucket: str, key: str, pieces: Iterable[bytes], media_type: str
    ) -> S3Pointer:
        """Put an object as its bytes are made: by a multipart upload if it is large."""
        with translated_errors():
            parts = _parts(pieces)
            first = next(parts, b"")
            if len(first) < _PART:
                return self.write(bucket, key, first, media_type)
            return _upload(self._client, bucket, key, chain([first], parts), media_type)

    def copy_many(self, copies: Iterable[tuple[S3Pointer, str]], bucket: str) -> list[S3Pointer]:
        """Copy objects, eight at a time; no byte comes here."""
        wanted = list(copies)
        if not wanted:
            return []
        with ThreadPoolExecutor(min(_READERS, len(wanted))) as pool:
            return list(pool.map(lambda one: _copied(one[0], bucket, one[1]), wanted))

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys that begin so, page by page."""
        with translated_errors():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=bucket, Prefix=prefix):
                yield from (entry["Key"] for entry in page.get("Contents", []))


def _copied(source: S3Pointer, bucket: str, key: str) -> S3Pointer:
    place = {"Bucket": source.bucket, "Key": source.key}
    if source.version_id is not None:
        place["VersionId"] = source.version_id
    with translated_errors():
        answer = store_client("s3").copy_object(CopySource=place, Bucket=bucket, Key=key)
    return S3Pointer(bucket=bucket, key=key, version_id=_version(answer))


def _whole(source: S3OpenObject) -> bytes:
    try:
        return b"".join(source.chunks())
    finally:
        source.close()


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts as large as a multipart upload wants them at least."""
    collected = bytearray()
    for piece in pieces:
        collected += piece
        if len(collected) >= _PART:
            yield bytes(collected)
            collected.clear()
    if collected:
        yield bytes(collected)


def _upload(
    client: Any, bucket: str, key: str, parts: Iterable[bytes], media_type: str
) -> S3Pointer:
    upload = client.create_multipart_upload(Bucket=bucket, Key=key, ContentType=media_type)
    target = {"Bucket": bucket, "Key": key, "UploadId": upload["UploadId"]}
    try:
        done = [
            {"PartNumber": number, "ETag": _upload_part(client, target, number, part)}
            for number, part in enumerate(parts, 1)
        ]
        answer = client.complete_multipart_upload(**target, MultipartUpload={"Parts": done})
    except BaseException:
        # What is left of it costs money; the error itself matters more than this one's.
        with suppress(ClientError, HTTPClientError):
            client.abort_multipart_upload(**target)
        raise
    return S3Pointer(bucket=bucket, key=key, version_id=_version(answer))


def _upload_part(client: Any, target: dict[str, str], number: int, part: bytes) -> str:
    answer = client.upload_part(**target, PartNumber=number, Body=part)
    return str(answer["ETag"])


def _version(answer: dict[str, Any]) -> str | None:
    """The version; S3 writes `null` for an object from before versions were kept."""
    version = answer.get("VersionId")
    return None if version in {None, "null"} else str(version)


def _head(pointer: S3Pointer, answer: dict[str, Any]) -> ObjectHead:
    return ObjectHead(
        pointer=pointer.model_copy(update={"version_id": _version(answer) or pointer.version_id}),
        size=int(answer["ContentLength"]),
        etag=str(answer.get("ETag", "")).strip('"'),
        media_type=str(answer.get("ContentType", "")),
        metadata={name.lower(): value for name, value in answer.get("Metadata", {}).items()},
    )
