"""Bodies on their way in or out, bit by bit: however large, little of them is in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from windfall_local.mirror.disk import write_whole

if TYPE_CHECKING:
    from windfall_local.mirror.bodies import Bodies

DRAFT = ".new"
"""Ends the name of a file that is not whole yet."""
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a body: what was assembled of parts is its parts, one after the other."""

    name: str
    size: int


class Draft:
    """A body that is written as it comes; until it is kept, closing it removes it.

    Args:
        bodies: Where it will lie.
        path: Its file.
    """

    def __init__(self, bodies: Bodies, path: Path) -> None:
        self._bodies = bodies
        self._path = path
        self._draft = path.with_suffix(DRAFT)
        self._descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._size = 0

    def write(self, data: bytes | memoryview) -> None:
        """Write what has come.

        Raises:
            OSError: The disk is full, or fails.
        """
        write_whole(self._bodies.write_some, self._descriptor, data)
        self._size += len(data)

    def finish(self) -> Piece:
        """All has come: the file."""
        self._close()
        self._draft.replace(self._path)
        return Piece(self._path.name, self._size)

    def close(self) -> None:
        """Remove it, unless it was kept meanwhile."""
        self._close()
        if self._bodies.give_up(self._path.name):
            self._draft.unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._descriptor != -1:
            os.close(self._descriptor)
            self._descriptor = -1


class Reading:
    """A body that is read as it is sent.

    Args:
        bodies: Where it lies.
        pieces: Its files.
    """

    def __init__(self, bodies: Bodies, pieces: tuple[Piece, ...]) -> None:
        self._bodies = bodies
        self._pieces = pieces

    def __len__(self) -> int:
        return sum(piece.size for piece in self._pieces)

    def __iter__(self) -> Iterator[bytes]:
        """Its bytes, a block at a time.

        Raises:
            BodyLostError: A file is missing, or is not what was written.
        """
        for piece in self._pieces:
            for start in range(0, piece.size, BLOCK):
                yield self._bodies.read_range((piece,), start, BLOCK)
