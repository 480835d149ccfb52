"""An object as a file: by ranges, so that what is looked at is fetched, or piece by piece."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from windfall.contracts.base import S3Pointer
    from windfall.ports.storage import ObjectReader

_BLOCK = 256 << 10
_KEPT = 8 << 20


class RangeFile(io.RawIOBase):
    """Reads an object in blocks; the last ones read are kept, eight megabytes of them.

    Args:
        block: Bytes that are fetched at once: few to look around, many to read on.
    """

    def __init__(
        self, store: ObjectReader, pointer: S3Pointer, size: int, block: int = _BLOCK
    ) -> None:
        super().__init__()
        self._block_size = block
        self._store = store
        self._pointer = pointer
        self._size = size
        self._place = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def tell(self) -> int:
        """The place."""
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what the block of this place holds from here on."""
        target = memoryview(buffer).cast("B")
        if self._place >= self._size:
            return 0
        number, offset = divmod(self._place, self._block_size)
        piece = self._block(number)[offset : offset + len(target)]
        target[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        start = number * self._block_size
        end = min(start + self._block_size, self._size)
        block = self._store.read_range(self._pointer, start, end)
        self._blocks[number] = block
        if len(self._blocks) * self._block_size > _KEPT:
            self._blocks.popitem(last=False)
        return block


class PieceFile(io.RawIOBase):
    """The pieces of an object as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what is left of the piece that came last, else of the next one."""
        target = memoryview(buffer).cast("B")
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        taken = self._rest[: len(target)]
        target[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)
