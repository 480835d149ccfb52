"""Calls without a name, each made at most once in an attempt: claimed before it is made.

A claim is an object in S3 that only one try can write (If-None-Match). It tells how far the call
came, by its first line:

    asked      it is being made, or whoever made it died: it may have been paid for
    refused    it was certainly not done; whoever comes next may claim it (If-Match)
    json       its answer follows, as is `bytes`: whoever comes next has no need to ask

So a call is made by the one who holds its claim, and what is only asked is never made again. The
next attempt has claims of its own: whoever begins it knows what it may cost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from windfall.contracts.base import S3Pointer
from windfall.errors import ConflictError, TransientError, UnansweredError

if TYPE_CHECKING:
    from windfall.ports.storage import ObjectStore

Answer = TypeVar("Answer")

_ASKED, _REFUSED, _JSON, _BYTES = b"asked\n", b"refused\n", b"json\n", b"bytes\n"
_MEDIA_TYPE = "application/octet-stream"
_TRIES = 3
"""To claim: the first write, one after a refusal, and a look at who was faster."""
_REASON = (
    "A call that may have been paid for was not heard of again, and is not made twice "
    "(the profile's calls.unanswered). windfall rerun asks again."
)

_is_asked_once: ContextVar[bool] = ContextVar("is_asked_once", default=False)


def is_asked_once() -> bool:
    """Whether the call that is being made must not be repeated unless it was refused.

    Clients repeat by themselves what failed, and do not tell; here they are told.
    """
    return _is_asked_once.get()


class Claims:
    """The claims of one feature in one attempt.

    Args:
        store: Keeps them.
        place: The folder; its key ends with a slash.
    """

    def __init__(self, store: ObjectStore, place: S3Pointer) -> None:
        self._store = store
        self._folder = place

    def once(self, name: str, ask: Callable[[], Answer]) -> Answer:
        """The answer to a call, which is made unless it was made before.

        Args:
            name: Of the call, among those of the feature.
            ask: Makes it; the answer is bytes, or fits into JSON.

        Raises:
            UnansweredError: It may have been paid for, and nobody has its answer.
            WindfallError: The service refused it; the same again makes it again.
        """
        place = S3Pointer(bucket=self._folder.bucket, key=self._folder.key + name)
        kept = self._claim(place)
        if kept is not None:
            found: Answer = _answer_in(kept)
            return found
        try:
            with _asking_once():
                answered = ask()
        except TransientError as error:
            if not error.is_refusal:
                raise UnansweredError(f"{_REASON} ({error})") from error
            self._note(place, _REFUSED)
            raise
        except Exception:
            self._note(place, _REFUSED)
            raise
        self._note(place, _kept(answered))
        return answered

    def _claim(self, place: S3Pointer) -> bytes | None:
        """Claim a call; the answer, if there is one already."""
        # Its own, so that it is known again when the answer to the write was lost.
        mine = _ASKED + uuid4().hex.encode()
        etag = None
        for _ in range(_TRIES):
            try:
                self._store.write_if(place.bucket, place.key, mine, _MEDIA_TYPE, etag)
            except ConflictError:
                stands, etag = self._read(place)
                if stands.startswith((_JSON, _BYTES)):
                    return stands
                if stands != mine and not stands.startswith(_REFUSED):
                    break
            else:
                return None
            if stands == mine:
                return None
        raise UnansweredError(_REASON)

    def _read(self, place: S3Pointer) -> tuple[bytes, str]:
        with closing(self._store.open(place)) as opened:
            return b"".join(opened.chunks()), opened.head.etag

    def _note(self, place: S3Pointer, body: bytes) -> None:
        self._store.write(place.bucket, place.key, body, _MEDIA_TYPE)


@contextmanager
def _asking_once() -> Iterator[None]:
    token = _is_asked_once.set(True)
    try:
        yield
    finally:
        _is_asked_once.reset(token)


def _answer_in(kept: bytes) -> Any:
    form, _, answer = kept.partition(b"\n")
    return answer if form + b"\n" == _BYTES else json.loads(answer)


def _kept(answer: object) -> bytes:
    return _BYTES + answer if isinstance(answer, bytes) else _JSON + json.dumps(answer).encode()
