"""The content of S3's objects: small ones in memory, large ones as files of the mirror.

moto keeps each object's content in a spooled temporary file of its own. Here that is a `Body`,
which points to where the content lies already: two copies of an object, or an object and the parts
that it was assembled of, share their files.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from windfall_local.mirror.bodies import Bodies
from windfall_local.mirror.passing import Piece
from windfall_local.stores.moments import chance
from windfall_local.stores.uploads import asked_parts, checksum_of, etag_of, whole_checksum

_bodies = Bodies(None)


def use(bodies: Bodies) -> None:
    """From here on, contents are those of one cloud."""
    global _bodies  # noqa: PLW0603 - moto's own state is global too
    _bodies = bodies


class Body:
    """As much of a temporary file as moto's objects use."""

    __slots__ = ("_data", "_pieces", "_position")

    def __init__(self, *_: object) -> None:
        self._data = b""
        self._pieces: tuple[Piece, ...] = ()
        self._position = 0

    def __reduce__(self) -> tuple[Any, ...]:
        """Written down, it is its small content, or the names of its files."""
        _bodies.name(self._pieces)
        return _restore, (self._data, self._pieces)

    def write(self, data: bytes) -> int:
        """Take the whole content; there is none yet."""
        if _bodies.takes(data):
            self._pieces = _bodies.recognise(data) or (_write(data),)
        else:
            self._data = bytes(data)
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """What follows, or some bytes of it."""
        if not self._pieces:
            end = len(self._data) if size < 0 else self._position + size
            found = self._data[self._position : end]
        elif self._position == 0 and size < 0:
            found = _bodies.read(self._pieces)
            _bodies.meet(found, self._pieces)
        else:
            found = _bodies.read_range(self._pieces, self._position, size)
        self._position += len(found)
        return found

    def seek(self, position: int) -> int:
        """Go to a position."""
        self._position = position
        return position

    def truncate(self) -> int:
        """Have no content."""
        self._data, self._pieces = b"", ()
        return 0

    def close(self) -> None:
        """Files are removed when no snapshot knows them any more."""

    def as_pieces(self) -> tuple[Piece, ...]:
        """The files of the content; a small one is written into one."""
        return self._pieces or (_write(self._data),)

    def blocks(self) -> Iterable[bytes]:
        """The content, bit by bit."""
        return _bodies.reading(self._pieces) if self._pieces else (self._data,)


def _write(data: bytes) -> Piece:
    # By the moment's chance: replayed, it is the file that is there already.
    return _bodies.write(f"{chance.getrandbits(128):032x}", data)


def _restore(data: bytes, pieces: tuple[Piece, ...]) -> Body:
    body = Body()
    body._data, body._pieces = data, pieces
    return body


class Known:
    """A content that lies in files and goes from one object to another; nobody looks into it."""

    def __init__(self, pieces: tuple[Piece, ...]) -> None:
        self._size = sum(piece.size for piece in pieces)
        _bodies.meet(self, pieces)

    def __len__(self) -> int:
        return self._size


def _known(key: Any) -> Any:
    """An object's content for another one: the bytes, or what stands for large ones."""
    body: Body = key._value_buffer
    with key.lock:
        if body._pieces:
            return Known(body._pieces)
        return body._data


class Content:
    """An object's content that is read as far as it is asked for: for requests of a range."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def __len__(self) -> int:
        size: int = self._key.contentsize
        return size

    def __getitem__(self, part: slice) -> bytes:
        begin, end, _ = part.indices(len(self))
        with self._key.lock:
            self._key._value_buffer.seek(begin)
            found: bytes = self._key._value_buffer.read(max(0, end - begin))
        return found


def _sent(key: Any) -> Any:
    """An object's content for an answer: the bytes, or large ones as they will be read."""
    body: Body = key._value_buffer
    with key.lock:
        return _bodies.reading(body._pieces) if body._pieces else body._data


def _fit_reading() -> None:
    """Read what a range names, and large objects as they are sent; moto reads the whole first."""
    from moto.s3.models import FakeKey  # noqa: PLC0415 - see `moto_fit.backends`
    from moto.s3.responses import S3Response  # noqa: PLC0415

    get_object, answer = S3Response.get_object, S3Response._handle_range_header
    whole = FakeKey.value

    def get_as_far(response: S3Response) -> Any:
        if "partNumber" in response.querystring:
            return get_object(response)
        look = Content if response.headers.get("range") else _sent
        FakeKey.value = property(look, whole.fset)
        try:
            return get_object(response)
        finally:
            FakeKey.value = whole

    def answer_in_bytes(response: S3Response, request: Any, headers: Any, content: Any) -> Any:
        status, headers, found = answer(response, request, headers, content)
        # What is no range of this object gets the whole of it.
        return status, headers, found[:] if isinstance(found, Content) else found

    S3Response.get_object = get_as_far
    S3Response._handle_range_header = answer_in_bytes


def _fit_copies() -> None:
    """Let contents be handed on without being read; moto reads the whole of what it copies."""
    from moto.s3.models import FakeKey, S3Backend  # noqa: PLC0415 - see `moto_fit.backends`

    copy_object, copy_part = S3Backend.copy_object, S3Backend.upload_part_copy
    whole = FakeKey.value

    @contextmanager
    def seen_as(look: Callable[[Any], Any]) -> Iterator[None]:
        FakeKey.value = property(look, whole.fset)
        try:
            yield
        finally:
            FakeKey.value = whole

    def copy_known(
        backend: S3Backend, source: Any, bucket: str, key: str, *arguments: Any, **named: Any
    ) -> None:
        with seen_as(_known):
            copy_object(backend, source, bucket, key, *arguments, **named)
        if source.checksum_type == "COMPOSITE":
            # A copy has no parts; moto would give it the checksum of the source's.
            copied = backend.get_object(bucket, key)
            copied.checksum_type, copied.checksum_value = whole_checksum(copied)

    def copy_range(backend: S3Backend, *arguments: Any, **named: Any) -> Any:
        with seen_as(_known if named["start_byte"] is None else Content):
            return copy_part(backend, *arguments, **named)

    S3Backend.copy_object, S3Backend.upload_part_copy = copy_known, copy_range


def fit_objects() -> None:
    """Adapt moto; called once."""
    _fit_reading()
    _fit_copies()
    import moto.s3.models  # noqa: PLC0415 - see `moto_fit.backends`
    from moto.s3.models import FakeKey, FakeMultipart  # noqa: PLC0415

    moto.s3.models.tempfile = SimpleNamespace(SpooledTemporaryFile=Body)

    def state(key: FakeKey) -> dict[str, Any]:
        return {name: value for name, value in key.__dict__.items() if name != "lock"}

    def set_state(key: FakeKey, found: dict[str, Any]) -> None:
        if "value" in found:  # Written by a version that had no files; it stays in memory.
            found["_value_buffer"] = _restore(found.pop("value") or b"", ())
        key.__dict__.update(found, lock=threading.Lock())

    def complete(upload: FakeMultipart, body: Any) -> Any:
        parts = asked_parts(upload, body)
        bodies: list[Body] = [part._value_buffer for part in parts]
        content: bytes | Known
        if _bodies.takes(range(sum(part.contentsize for part in parts))):
            content = Known(tuple(piece for one in bodies for piece in one.as_pieces()))
        else:
            content = b"".join(block for one in bodies for block in one.blocks())
        wanted = (f"x-amz-checksum-{what}" for what in ("algorithm", "type"))
        checksum = checksum_of(parts, *(upload.metadata.get(name) for name in wanted))
        return content, etag_of(parts), checksum

    FakeKey.__getstate__, FakeKey.__setstate__ = state, set_state
    FakeMultipart.complete = complete
