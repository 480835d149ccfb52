"""Objects that are written as they are made."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from windfall.adapters.clients import store_client
from windfall.adapters.s3 import S3ObjectStore

MEGABYTE = 1 << 20


def uploads(bucket: str) -> list[object]:
    answer = store_client("s3").list_multipart_uploads(Bucket=bucket)
    found: list[object] = answer.get("Uploads", [])
    return found


@pytest.mark.parametrize(
    "sizes", [[], [0], [1, 2], [8 * MEGABYTE], [3 * MEGABYTE] * 7, [20_000_003]]
)
def test_an_object_is_what_its_pieces_were(sizes: list[int], bucket: str) -> None:
    store = S3ObjectStore()
    pieces = [bytes([65 + number]) * size for number, size in enumerate(sizes)]

    pointer = store.write_pieces(bucket, "key", iter(pieces), "audio/mpeg")

    assert store.read(pointer) == b"".join(pieces)
    with closing(store.open(pointer)) as written:
        assert written.head.media_type == "audio/mpeg"
    assert uploads(bucket) == []


def test_nothing_is_written_or_left_when_a_piece_can_not_be_made(bucket: str) -> None:
    store = S3ObjectStore()

    def pieces() -> Iterator[bytes]:
        yield bytes(20 * MEGABYTE)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        store.write_pieces(bucket, "key", pieces(), "audio/mpeg")

    assert list(store.list(bucket, "")) == []
    assert uploads(bucket) == []
