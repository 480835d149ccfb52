r"""`aws-chunked` bodies: chunks with sizes, maybe signatures, and checksums at the end.

5;chunk-signature=…\r\nhello\r\n0;chunk-signature=…\r\nx-amz-checksum-crc32:…\r\n\r\n
"""

from __future__ import annotations

from dataclasses import dataclass, field

from windfall_local.api import ServiceError


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its bytes and the signature that came with it, or ""."""

    data: memoryview
    signature: str


@dataclass(slots=True)
class ChunkedBody:
    """A body taken apart."""

    chunks: list[Chunk] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)

    def joined(self) -> bytes:
        """The content."""
        return b"".join(chunk.data for chunk in self.chunks)


def split_chunks(body: bytes) -> ChunkedBody:
    """Take an `aws-chunked` body apart.

    Raises:
        ServiceError: `IncompleteBody` or `InvalidRequest`: it is not what it claims to be.
    """
    found = ChunkedBody()
    view = memoryview(body)
    position = 0
    while True:
        line_end = body.find(b"\r\n", position)
        if line_end < 0:
            raise ServiceError("IncompleteBody", "The chunked body ends within a chunk's size.")
        size, signature = _size_line(body[position:line_end])
        start = line_end + 2
        if size == 0:
            found.chunks.append(Chunk(view[start:start], signature))
            found.trailers = _trailers(body[start:])
            return found
        end = start + size
        if body[end : end + 2] != b"\r\n":
            raise ServiceError("IncompleteBody", "A chunk is not as long as it says.")
        found.chunks.append(Chunk(view[start:end], signature))
        position = end + 2


def _size_line(line: bytes) -> tuple[int, str]:
    size, _, extension = line.decode("latin-1").partition(";")
    try:
        return int(size, 16), extension.partition("chunk-signature=")[2]
    except ValueError as error:
        raise ServiceError("InvalidRequest", f"{size!r} is no chunk size.") from error


def _trailers(tail: bytes) -> dict[str, str]:
    trailers = {}
    for line in tail.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            trailers[name.strip().lower()] = value.strip()
    return trailers
