"""Large bodies: each a file, written once, that the journal, the stores and the snapshot point to.

A body is never changed. It is written before the request that brings it is in the journal, whole
or not at all, and removed when a snapshot no longer knows it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from windfall_local.mirror.disk import Write, write_whole
from windfall_local.mirror.errors import BodyLostError

LARGE = 16 * 1024
"""Bytes; a smaller body is kept in memory, and written along with whatever has it."""

_DRAFT = ".new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a body: what was assembled of parts is its parts, one after the other."""

    name: str
    size: int


class Bodies:
    """The bodies of one cloud.

    Args:
        folder: Where they lie, or None to keep all of them in memory.
        write: Writes as many bytes as it can, like `os.write`.
    """

    def __init__(self, folder: Path | None, write: Write = os.write) -> None:
        self._folder = folder
        self._write = write
        self._fresh: set[str] = set()
        self._met: dict[int, tuple[bytes, tuple[Piece, ...]]] = {}
        self._meets = True
        self._named: set[str] | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def takes(self, body: bytes) -> bool:
        """Whether a body is large enough for a file of its own."""
        return self._folder is not None and len(body) >= LARGE

    def write(self, name: str, body: bytes) -> Piece:
        """Write a body, unless it was written before under this name.

        Raises:
            OSError: The disk is full, or fails; nothing is left of the body.
        """
        assert self._folder is not None
        path = self._folder / name
        self._fresh.add(name)
        if not _has_size(path, len(body)):
            draft = path.with_suffix(_DRAFT)
            try:
                self._write_draft(draft, body)
                draft.replace(path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
        piece = Piece(name, len(body))
        self.meet(body, (piece,))
        return piece

    def read(self, pieces: Iterable[Piece]) -> bytes:
        """A whole body.

        Raises:
            BodyLostError: A file is missing, or is not what was written.
        """
        found = [self._read_piece(piece) for piece in pieces]
        return found[0] if len(found) == 1 else b"".join(found)

    def read_range(self, pieces: Iterable[Piece], start: int, size: int) -> bytes:
        """Some bytes of a body from a place on, all to its end if `size` is negative.

        Raises:
            BodyLostError: A file is missing, or is not what was written.
        """
        found = bytearray()
        for piece in pieces:
            if start < piece.size and len(found) != size:
                with self._open(piece) as stream:
                    stream.seek(start)
                    found += stream.read(size - len(found) if size >= 0 else -1)
            start = max(0, start - piece.size)
        return bytes(found)

    def remove(self, piece: Piece) -> None:
        """Take back a body that nothing came to point to."""
        assert self._folder is not None
        (self._folder / piece.name).unlink(missing_ok=True)

    # --- Recognising ----------------------------------------------------------------------------

    def meet(self, body: bytes, pieces: tuple[Piece, ...]) -> None:
        """Remember, until the request is answered, where these bytes lie already."""
        if self._meets:
            self._met[id(body)] = (body, pieces)

    @contextmanager
    def passing_by(self) -> Iterator[None]:
        """Remember nothing that is read meanwhile: it is a part of something, and would add up."""
        self._meets = False
        try:
            yield
        finally:
            self._meets = True

    def recognise(self, body: bytes) -> tuple[Piece, ...] | None:
        """Where these very bytes lie, if this request met them: a copy needs no second file."""
        found = self._met.get(id(body))
        return None if found is None else found[1]

    def forget_met(self) -> None:
        """The request is answered."""
        self._met.clear()

    # --- Removing -------------------------------------------------------------------------------

    def begin_period(self) -> None:
        """From here on, what is written may be unknown to the next snapshot."""
        self._fresh = set()

    @contextmanager
    def naming(self) -> Iterator[set[str]]:
        """Collects the names of all bodies that are written into a snapshot meanwhile."""
        named: set[str] = set()
        self._named = named
        try:
            yield named
        finally:
            self._named = None

    def name(self, pieces: Iterable[Piece]) -> None:
        """A snapshot points to these."""
        if self._named is not None:
            self._named.update(piece.name for piece in pieces)

    def sweep(self, named: set[str]) -> int:
        """Remove what a snapshot does not name, without what was written in this period; how many.

        May run in a thread beside the requests.
        """
        if self._folder is None:
            return 0
        # Listed first: what comes later is not in the list.
        found = [entry.name for entry in os.scandir(self._folder)]
        known = named | self._fresh
        gone = [name for name in found if name.removesuffix(_DRAFT) not in known]
        for name in gone:
            (self._folder / name).unlink(missing_ok=True)
        return len(gone)

    def _read_piece(self, piece: Piece) -> bytes:
        with self._open(piece) as stream:
            return stream.read()

    @contextmanager
    def _open(self, piece: Piece) -> Iterator[IO[bytes]]:
        assert self._folder is not None
        path = self._folder / piece.name
        try:
            stream = path.open("rb")
        except FileNotFoundError as error:
            raise BodyLostError(f"The body {path} is not there.") from error
        with stream:
            size = os.fstat(stream.fileno()).st_size
            if size != piece.size:
                raise BodyLostError(f"{path} has {size} bytes, and {piece.size} were written.")
            yield stream

    def _write_draft(self, path: Path, body: bytes) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            write_whole(self._write, descriptor, body)
        finally:
            os.close(descriptor)


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False
