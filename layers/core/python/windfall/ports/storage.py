"""Objects by bucket and key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer


class ObjectHead(NamedTuple):
    """What is known of an object before its bytes are read.

    Attributes:
        pointer: With the version that is being read, where the bucket has versions.
        metadata: The user's own (`x-amz-meta-`), keys in lower case and without that prefix.
    """

    pointer: S3Pointer
    size: int
    etag: str
    media_type: str
    metadata: Mapping[str, str]


class OpenObject(Protocol):
    """An object that is being read, once, from its beginning."""

    head: ObjectHead

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces of sensible size.

        Raises:
            TransientError: The connection broke.
        """
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


class ObjectReader(Protocol):
    """Objects to look at."""

    def open(self, pointer: S3Pointer) -> OpenObject:
        """Begin to read an object.

        Raises:
            NotFoundError: The object, its version or its bucket does not exist.
            InvalidInputError: Its bytes can not be had: access denied, archived.
            TransientError: S3 can not answer now.
        """
        ...

    def read(self, pointer: S3Pointer) -> bytes:
        """The whole object; raises as `open`."""
        ...

    def read_range(self, pointer: S3Pointer, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`; raises as `open`."""
        ...


class ObjectStore(ObjectReader, Protocol):
    """Amazon S3, as far as Windfall uses it."""

    def read_many(self, pointers: Iterable[S3Pointer]) -> list[bytes]:
        """Whole objects, in the order asked for, fetched side by side; raises as `open`."""
        ...

    def find(self, pointer: S3Pointer) -> bytes | None:
        """The whole object, or None when it does not exist; otherwise raises as `open`."""
        ...

    def write(self, bucket: str, key: str, body: bytes, media_type: str) -> S3Pointer:
        """Put an object whole; a reader sees the old or the new one.

        Raises:
            TransientError: S3 can not answer now.
        """
        ...

    def write_if(
        self, bucket: str, key: str, body: bytes, media_type: str, etag: str | None
    ) -> S3Pointer:
        """Put an object whole if there is none; with an ETag, if the one that is there has it.

        Raises:
            ConflictError: There is another one; it may be this, when S3's answer was lost.
            TransientError: S3 can not answer now.
        """
        ...

    def write_pieces(
        self, bucket: str, key: str, pieces: Iterable[bytes], media_type: str
    ) -> S3Pointer:
        """Put an object that is made piece by piece, without holding all of it in memory.

        A reader sees the old or the new one, whole; nothing is written if a piece can't be made.

        Raises:
            TransientError: S3 can not answer now.
        """
        ...

    def copy_many(self, copies: Iterable[tuple[S3Pointer, str]], bucket: str) -> list[S3Pointer]:
        """Copy objects of up to 5 GB to keys of a bucket, side by side, within S3.

        Raises:
            NotFoundError: One of them does not exist.
            TransientError: S3 can not answer now; some may have been copied.
        """
        ...

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys that begin so, in order of their bytes."""
        ...
