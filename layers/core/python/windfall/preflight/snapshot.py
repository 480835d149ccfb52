"""A dropped object's bytes, read once: hashed on the way, kept in memory or on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, NamedTuple

from windfall.errors import InvalidInputError
from windfall.ranges import RangeFile

if TYPE_CHECKING:
    from windfall.ports.storage import ObjectHead, ObjectReader, OpenObject

MOST_BYTES = 100_000_000
"""No kind of file is taken beyond this; it bounds the time and the disk that admission needs."""
_MOST_IN_MEMORY = 16 << 20
WHOLE_UP_TO = 50_000_000
"""A recording beyond this is looked at by ranges, and known by its ETag instead of its bytes."""


class Snapshot(NamedTuple):
    """The bytes as they were read, whatever happens to the object later.

    Attributes:
        sha256: Of the bytes; of the ETag and the size for what is read by ranges.
    """

    head: ObjectHead
    size: int
    sha256: str
    stream: IO[bytes]

    def beginning(self, length: int = 4096) -> bytes:
        """The first bytes."""
        self.stream.seek(0)
        return self.stream.read(length)

    def whole(self) -> bytes:
        """All bytes, in memory."""
        self.stream.seek(0)
        return self.stream.read()


@contextmanager
def snapshot_of(source: OpenObject) -> Iterator[Snapshot]:
    """Read an object, for as long as it is needed.

    Raises:
        InvalidInputError: It is empty or too large; it was not read then.
        TransientError: The connection broke.
    """
    try:
        _check_size(source.head.size)
        with SpooledTemporaryFile(max_size=_MOST_IN_MEMORY) as stream:
            digest = hashlib.sha256()
            size = 0
            for chunk in source.chunks():
                digest.update(chunk)
                stream.write(chunk)
                size += len(chunk)
            yield Snapshot(source.head, size, digest.hexdigest(), stream)
    finally:
        source.close()


def ranged_snapshot_of(source: OpenObject, store: ObjectReader) -> Snapshot:
    """A look at an object that is not fetched.

    Two objects with the same ETag and size have the same bytes. The same bytes in parts of other
    sizes, or under other encryption, have another ETag: they are analyzed again, never mixed up.
    """
    source.close()
    head = source.head
    digest = hashlib.sha256(f"{head.etag} {head.size}".encode()).hexdigest()
    stream = io.BufferedReader(RangeFile(store, head.pointer, head.size), 64 << 10)
    return Snapshot(head, head.size, digest, stream)


def _check_size(size: int) -> None:
    if size == 0:
        raise InvalidInputError("The file is empty.")
    if size > MOST_BYTES:
        raise InvalidInputError(
            f"The file is too large: {size / 1e6:.0f} MB, and {MOST_BYTES / 1e6:.0f} MB at most"
            " can be taken."
        )
