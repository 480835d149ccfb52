"""Bytes on their way to a file."""

from __future__ import annotations

from collections.abc import Callable

Write = Callable[[int, memoryview], int]
"""Writes bytes to a descriptor, as many as it can, and says how many: `os.write`."""


def write_whole(write: Write, descriptor: int, data: bytes) -> None:
    """Write all of it.

    Raises:
        OSError: The disk is full, or fails; a part may have been written.
    """
    left = memoryview(data)
    while left:
        left = left[write(descriptor, left) :]
