"""The content of S3's objects: small ones in memory, large ones as files of the mirror.

moto keeps each object's content in a spooled temporary file of its own. Here that is a `Body`,
which points to where the content lies already: two copies of an object, or an object and the parts
that it was assembled of, share their files.
"""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from windfall_local.mirror.bodies import Bodies, Piece
from windfall_local.stores.moments import chance

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


def _write(data: bytes) -> Piece:
    # By the moment's chance: replayed, it is the file that is there already.
    return _bodies.write(f"{chance.getrandbits(128):032x}", data)


def _restore(data: bytes, pieces: tuple[Piece, ...]) -> Body:
    body = Body()
    body._data, body._pieces = data, pieces
    return body


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


def _fit_ranges() -> None:
    """Read what a range names; moto reads the whole object and cuts the range out of it."""
    from moto.s3.models import FakeKey  # noqa: PLC0415 - see `moto_fit.backends`
    from moto.s3.responses import S3Response  # noqa: PLC0415

    get_object, answer = S3Response.get_object, S3Response._handle_range_header
    whole = FakeKey.value

    def get_as_far(response: S3Response) -> Any:
        if not response.headers.get("range") or "partNumber" in response.querystring:
            return get_object(response)
        FakeKey.value = property(Content, whole.fset)
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


def fit_objects() -> None:
    """Adapt moto; called once."""
    _fit_ranges()
    import moto.s3.models  # noqa: PLC0415 - see `moto_fit.backends`
    from moto.s3.models import FakeKey, FakeMultipart  # noqa: PLC0415

    moto.s3.models.tempfile = SimpleNamespace(SpooledTemporaryFile=Body)
    complete = FakeMultipart.complete

    def state(key: FakeKey) -> dict[str, Any]:
        return {name: value for name, value in key.__dict__.items() if name != "lock"}

    def set_state(key: FakeKey, found: dict[str, Any]) -> None:
        if "value" in found:  # Written by a version that had no files; it stays in memory.
            found["_value_buffer"] = _restore(found.pop("value") or b"", ())
        key.__dict__.update(found, lock=threading.Lock())

    def complete_by_parts(upload: FakeMultipart, body: Any) -> Any:
        asked = list(body)
        with _bodies.passing_by():
            content, *rest = complete(upload, iter(asked))
        if _bodies.takes(content):
            parts = [upload.parts[number]._value_buffer for number, _ in asked]
            _bodies.meet(content, tuple(piece for part in parts for piece in part.as_pieces()))
        return content, *rest

    FakeKey.__getstate__, FakeKey.__setstate__ = state, set_state
    FakeMultipart.complete = complete_by_parts
