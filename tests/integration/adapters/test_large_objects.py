"""Objects that are written as they are made."""

from collections.abc import Iterator

import boto3
import pytest

from windfall.adapters.s3 import S3ObjectStore

MEGABYTE = 1 << 20


@pytest.fixture
def store() -> S3ObjectStore:
    boto3.client("s3").create_bucket(Bucket="large")
    return S3ObjectStore()


def uploads() -> list[object]:
    found: list[object] = (
        boto3.client("s3").list_multipart_uploads(Bucket="large").get("Uploads", [])
    )
    return found


@pytest.mark.parametrize(
    "sizes", [[], [0], [1, 2], [8 * MEGABYTE], [3 * MEGABYTE] * 7, [20_000_003]]
)
def test_an_object_is_what_its_pieces_were(sizes: list[int], store: S3ObjectStore) -> None:
    pieces = [bytes([65 + number]) * size for number, size in enumerate(sizes)]

    pointer = store.write_pieces("large", "key", iter(pieces), "audio/mpeg")

    assert store.read(pointer) == b"".join(pieces)
    assert store.open(pointer).head.media_type == "audio/mpeg"
    assert uploads() == []


def test_nothing_is_written_or_left_when_a_piece_can_not_be_made(store: S3ObjectStore) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(20 * MEGABYTE)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        store.write_pieces("large", "key", pieces(), "audio/mpeg")

    assert list(store.list("large", "")) == []
    assert uploads() == []
