r"""`aws-chunked` bodies: chunks with sizes, maybe signatures, and checksums at the end.

5;chunk-signature=…\r\nhello\r\n0;chunk-signature=…\r\nx-amz-checksum-crc32:…\r\n\r\n
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from windfall_local.api import ServiceError

_LONGEST_HEAD = 8 * 1024
"""Bytes of a line with a chunk's size, and of all trailers."""


class Part(NamedTuple):
    """Some bytes of a chunk.

    Attributes:
        data: They; empty at the end of the chunk.
        signature: At its end, the signature that came with it, or ""; None before.
    """

    data: memoryview
    signature: str | None = None


class Chunks:
    """Takes an `aws-chunked` body apart as it comes, and keeps nothing of its content."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = -1
        """Bytes of the chunk that are still to come; -1 while its size is read."""
        self._signature = ""
        self._is_end = False

    def feed(self, block: bytes | memoryview) -> Iterator[Part]:
        """What further bytes bring.

        Raises:
            ServiceError: `IncompleteBody` or `InvalidRequest`: it is not what it claims to be.
        """
        view = memoryview(block)
        while view:
            if self._is_end:
                view = self._gather(view, len(view))
            elif self._left < 0:
                view = self._read_size(view)
                if self._is_end:
                    yield Part(view[:0], self._signature)
            elif self._left > 0:
                data, view = view[: self._left], view[self._left :]
                self._left -= len(data)
                yield Part(data)
            else:
                view = self._gather(view, 2 - len(self._head))
                if len(self._head) == 2:
                    yield self._end_chunk()

    def finish(self) -> dict[str, str]:
        """The trailers, once all has come.

        Raises:
            ServiceError: `IncompleteBody`: there was no end.
        """
        if not self._is_end:
            what = "a chunk's size" if self._left < 0 else "a chunk"
            raise ServiceError("IncompleteBody", f"The chunked body ends within {what}.")
        return _trailers(bytes(self._head))

    def _gather(self, view: memoryview, size: int) -> memoryview:
        self._head += view[:size]
        if len(self._head) > _LONGEST_HEAD:
            raise ServiceError("InvalidRequest", "The chunked body has too long a line.")
        return view[size:]

    def _read_size(self, view: memoryview) -> memoryview:
        before = len(self._head)
        rest = self._gather(view, _LONGEST_HEAD - before)
        end = self._head.find(b"\r\n")
        if end < 0:
            if rest:
                raise ServiceError("InvalidRequest", "The chunked body has too long a line.")
            return rest
        self._left, self._signature = _size_line(bytes(self._head[:end]))
        self._head.clear()
        if self._left == 0:
            self._is_end = True
        return view[end + 2 - before :]

    def _end_chunk(self) -> Part:
        if self._head != b"\r\n":
            raise ServiceError("IncompleteBody", "A chunk is not as long as it says.")
        self._head.clear()
        self._left = -1
        return Part(memoryview(b""), self._signature)


def _size_line(line: bytes) -> tuple[int, str]:
    text, _, extension = line.decode("latin-1").partition(";")
    try:
        size = int(text, 16)
    except ValueError as error:
        raise ServiceError("InvalidRequest", f"{text!r} is no chunk size.") from error
    if size < 0:
        raise ServiceError("InvalidRequest", f"{text!r} is no chunk size.")
    return size, extension.partition("chunk-signature=")[2]


def _trailers(tail: bytes) -> dict[str, str]:
    trailers = {}
    for line in tail.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            trailers[name.strip().lower()] = value.strip()
    return trailers
