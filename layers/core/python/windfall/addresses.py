"""Addresses of objects, as AWS's services write them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from windfall.contracts.base import S3Pointer


def object_at(uri: str) -> S3Pointer:
    """The object that an address means.

    Either `s3://bucket/key` or `https://s3.<region>.amazonaws.com/bucket/key`.
    """
    parts = urlsplit(uri)
    if parts.scheme == "s3":
        return S3Pointer(bucket=parts.netloc, key=unquote(parts.path.removeprefix("/")))
    bucket, _, key = parts.path.removeprefix("/").partition("/")
    return S3Pointer(bucket=bucket, key=unquote(key))
