"""Objects in memory, with versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.fakes.hooks import Hook
from windfall.contracts.base import S3Pointer
from windfall.errors import ConflictError, NotFoundError
from windfall.ports.storage import ObjectHead, ObjectStore


@dataclass(frozen=True)
class StoredObject:
    """One version of an object."""

    body: bytes
    media_type: str
    version_id: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)


class FakeOpenObject:
    """An object that is being read."""

    def __init__(self, head: ObjectHead, body: bytes) -> None:
        self.head = head
        self._body = body
        self.closed = False
        self.read_bytes = False

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces of seven: small enough to show who thinks there is only one."""
        self.read_bytes = True
        for start in range(0, min(len(self._body), 70), 7):
            yield self._body[start : min(start + 7, 70)]
        if len(self._body) > 70:
            yield self._body[70:]

    def close(self) -> None:
        """Note it."""
        self.closed = True


class FakeObjectStore:
    """S3 in memory; buckets named in `versioned` keep every version."""

    def __init__(self, hook: Hook | None = None, versioned: Iterable[str] = ("inbox",)) -> None:
        self.hook = hook or Hook()
        self._versioned = set(versioned)
        self._objects: dict[tuple[str, str], list[StoredObject]] = {}
        self.opened: list[FakeOpenObject] = []

    def drop(
        self,
        bucket: str,
        key: str,
        body: bytes,
        metadata: Mapping[str, str] | None = None,
        media_type: str = "binary/octet-stream",
    ) -> S3Pointer:
        """Put an object as a user does; hooks do not see it."""
        versions = self._objects.setdefault((bucket, key), [])
        version = f"v{len(versions) + 1}" if bucket in self._versioned else None
        if version is None:
            versions.clear()
        versions.append(StoredObject(body, media_type, version, dict(metadata or {})))
        return S3Pointer(bucket=bucket, key=key, version_id=version)

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object with all its versions."""
        del self._objects[bucket, key]

    def everything(self) -> dict[tuple[str, str], list[StoredObject]]:
        """Every version of every object, by bucket and key."""
        return {place: list(versions) for place, versions in self._objects.items()}

    def open(self, pointer: S3Pointer) -> FakeOpenObject:
        """Begin to read."""
        self.hook.before("open")
        found = self._find(pointer)
        head = ObjectHead(
            pointer=pointer.model_copy(update={"version_id": found.version_id}),
            size=len(found.body),
            etag=_etag(found.body),
            media_type=found.media_type,
            metadata=found.metadata,
        )
        source = FakeOpenObject(head, found.body)
        self.opened.append(source)
        return source

    def read(self, pointer: S3Pointer) -> bytes:
        """The whole object."""
        self.hook.before("read")
        return self._find(pointer).body

    def read_range(self, pointer: S3Pointer, start: int, end: int) -> bytes:
        """Some of the bytes."""
        self.hook.before("read_range")
        return self._find(pointer).body[start:end]

    def read_many(self, pointers: Iterable[S3Pointer]) -> list[bytes]:
        """Whole objects."""
        return [self._find(pointer).body for pointer in pointers]

    def find(self, pointer: S3Pointer) -> bytes | None:
        """The whole object, or None."""
        try:
            return self._find(pointer).body
        except NotFoundError:
            return None

    def write(self, bucket: str, key: str, body: bytes, media_type: str) -> S3Pointer:
        """Put an object whole."""
        self.hook.before("write")
        pointer = self.drop(bucket, key, body)
        stored = self._objects[bucket, key][-1]
        self._objects[bucket, key][-1] = StoredObject(body, media_type, stored.version_id)
        self.hook.after("write")
        return pointer

    def write_if(
        self, bucket: str, key: str, body: bytes, media_type: str, etag: str | None
    ) -> S3Pointer:
        """Put an object whole, if what is there is what is thought to be there."""
        self.hook.before("write_if")
        there = self._objects.get((bucket, key))
        if (None if there is None else _etag(there[-1].body)) != etag:
            raise ConflictError("At least one of the pre-conditions did not hold.")
        pointer = self.drop(bucket, key, body, media_type=media_type)
        self.hook.after("write_if")
        return pointer

    def write_pieces(
        self, bucket: str, key: str, pieces: Iterable[bytes], media_type: str
    ) -> S3Pointer:
        """Put an object that is made piece by piece."""
        return self.write(bucket, key, b"".join(pieces), media_type)

    def copy_many(self, copies: Iterable[tuple[S3Pointer, str]], bucket: str) -> list[S3Pointer]:
        """Copy objects, one after the other."""
        made = []
        for source, key in copies:
            found = self._find(source)
            made.append(self.write(bucket, key, found.body, found.media_type))
        return made

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys that begin so."""
        return iter(sorted(k for b, k in self._objects if b == bucket and k.startswith(prefix)))

    def _find(self, pointer: S3Pointer) -> StoredObject:
        versions = self._objects.get((pointer.bucket, pointer.key), [])
        for stored in reversed(versions):
            if pointer.version_id in {None, stored.version_id}:
                return stored
        raise NotFoundError(f"s3://{pointer.bucket}/{pointer.key} does not exist.")


def _etag(body: bytes) -> str:
    return f"etag-{hash(body) & 0xFFFF:x}"


def as_store(store: FakeObjectStore) -> ObjectStore:
    """Type-checked: the fake fulfils the port."""
    return store
