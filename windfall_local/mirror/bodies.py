"""Large bodies: each a file, written once, that the journal, the stores and the snapshot point to.

A body is never changed. It is written before the request that brings it is in the journal, whole
or not at all, and removed when a snapshot no longer knows it.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from weakref import finalize

from windfall_local.mirror.disk import Write, write_whole
from windfall_local.mirror.errors import BodyLostError
from windfall_local.mirror.passing import DRAFT, Draft, Piece, Reading

LARGE = 16 * 1024
"""Bytes; a smaller body is kept in memory, and written along with whatever has it."""


class Bodies:
    """The bodies of one cloud.

    Args:
        folder: Where they lie, or None to keep all of them in memory.
        write: Writes as many bytes as it can, like `os.write`.
    """

    def __init__(self, folder: Path | None, write: Write = os.write) -> None:
        self._folder = folder
        self.write_some = write
        self._arriving: set[str] = set()
        self._read: dict[int, set[str]] = {}
        self._fresh: set[str] = set()
        self._met: dict[int, tuple[Sized, tuple[Piece, ...]]] = {}
        self._named: set[str] | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def has_folder(self) -> bool:
        """Whether bodies can be files at all."""
        return self._folder is not None

    def takes(self, body: Sized) -> bool:
        """Whether a body is large enough for a file of its own."""
        return self._folder is not None and len(body) >= LARGE

    def draft(self, name: str) -> Draft:
        """Begin a body that comes bit by bit, under a name that is no other's.

        Raises:
            OSError: The disk is full, or fails.
        """
        assert self._folder is not None
        self._arriving.add(name)
        return Draft(self, self._folder / name)

    def keep(self, piece: Piece) -> None:
        """A draft that was finished stays: something is about to point to it."""
        self._fresh.add(piece.name)
        self._arriving.discard(piece.name)

    def give_up(self, name: str) -> bool:
        """Forget a draft; False when it was kept."""
        if name not in self._arriving:
            return False
        self._arriving.discard(name)
        return True

    def write(self, name: str, body: bytes) -> Piece:
        """Write a body, unless it was written before under this name.

        Raises:
            OSError: The disk is full, or fails; nothing is left of the body.
        """
        assert self._folder is not None
        path = self._folder / name
        self._fresh.add(name)
        if not _has_size(path, len(body)):
            draft = path.with_suffix(DRAFT)
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

    def view(self, piece: Piece) -> Any:
        """A body as a `memoryview`, of which only what is looked at is read from its file.

        Raises:
            BodyLostError: The file is missing, or is not what was written.
        """
        with self._open(piece) as stream:
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))

    def reading(self, pieces: tuple[Piece, ...]) -> Reading:
        """A body that is read bit by bit; as long as somebody has this, its files stay.

        Raises:
            BodyLostError: A file is missing, or is not what was written.
        """
        for piece in pieces:
            with self._open(piece):
                pass  # Said before the first byte is sent, while it can be said in words.
        found = Reading(self, pieces)
        self._read[id(found)] = {piece.name for piece in pieces}
        finalize(found, self._read.pop, id(found), None)
        return found

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

    def meet(self, body: Sized, pieces: tuple[Piece, ...]) -> None:
        """Remember, until the request is answered, where these bytes lie already."""
        self._met[id(body)] = (body, pieces)

    def recognise(self, body: Sized) -> tuple[Piece, ...] | None:
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
        known = named | self._fresh | self._arriving
        for names in list(self._read.values()):
            known |= names
        gone = [name for name in found if name.removesuffix(DRAFT) not in known]
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
            write_whole(self.write_some, descriptor, body)
        finally:
            os.close(descriptor)


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False
