"""Objects that are written under a condition, and the claims that are made of them."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from windfall.adapters.s3 import S3ObjectStore
from windfall.claims import Claims
from windfall.contracts.base import S3Pointer
from windfall.errors import ConflictError, TransientError, UnansweredError

WRITERS = 8


@pytest.fixture
def folder(client: Any) -> S3Pointer:
    bucket = f"bucket-{uuid.uuid4()}"
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return S3Pointer(bucket=bucket, key="results/f/claims/labels/1/")


@pytest.fixture
def store(client: Any) -> S3ObjectStore:
    return S3ObjectStore(client("s3"))


def test_of_many_that_write_at_once_one_is_the_first(
    store: S3ObjectStore, folder: S3Pointer
) -> None:
    def write(number: int) -> int | None:
        try:
            store.write_if(folder.bucket, "k", str(number).encode(), "text/plain", None)
        except ConflictError:
            return None
        return number

    with ThreadPoolExecutor(WRITERS) as pool:
        first = [number for number in pool.map(write, range(WRITERS)) if number is not None]

    assert len(first) == 1
    assert store.read(S3Pointer(bucket=folder.bucket, key="k")) == str(first[0]).encode()


def test_only_the_object_that_was_seen_is_replaced(store: S3ObjectStore, folder: S3Pointer) -> None:
    store.write_if(folder.bucket, "k", b"one", "text/plain", None)
    opened = store.open(S3Pointer(bucket=folder.bucket, key="k"))
    etag = opened.head.etag
    opened.close()
    store.write_if(folder.bucket, "k", b"two", "text/plain", etag)
    with pytest.raises(ConflictError):
        store.write_if(folder.bucket, "k", b"three", "text/plain", etag)
    assert store.read(S3Pointer(bucket=folder.bucket, key="k")) == b"two"


def test_a_call_is_claimed_given_back_claimed_again_and_answered(
    store: S3ObjectStore, folder: S3Pointer
) -> None:
    claims = Claims(store, folder)

    def ask(end: Exception | bytes) -> bytes:
        if isinstance(end, Exception):
            raise end
        return end

    for _ in range(2):
        with pytest.raises(TransientError):
            claims.once("a", lambda: ask(TransientError("Rate exceeded", is_refusal=True)))
    assert claims.once("a", lambda: ask(b"sound")) == b"sound"
    assert claims.once("a", lambda: ask(AssertionError("asked twice"))) == b"sound"

    for end in (TransientError("The connection broke."), AssertionError("asked twice")):
        with pytest.raises(UnansweredError):
            claims.once("b", lambda end=end: ask(end))  # type: ignore[misc]
