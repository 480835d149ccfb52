"""A disk with a little room left."""

from __future__ import annotations

import errno
import os


class FullDisk:
    """Writes as long as there is room, like a real disk: the last write is cut short.

    Attributes:
        room: Bytes that are left.
    """

    def __init__(self, room: int = 10**12) -> None:
        self.room = room

    def write(self, descriptor: int, data: memoryview) -> int:
        """`os.write`, on this disk."""
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(descriptor, data[: self.room])
        self.room -= written
        return written
