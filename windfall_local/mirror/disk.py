"""Bytes on their way to a file, and what is said when the disk does not take them."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from windfall_local.api import ServiceError

Write = Callable[[int, memoryview], int]
"""Writes bytes to a descriptor, as many as it can, and says how many: `os.write`."""


def write_whole(write: Write, descriptor: int, data: bytes | memoryview) -> None:
    """Write all of it.

    Raises:
        OSError: The disk is full, or fails; a part may have been written.
    """
    left = memoryview(data)
    while left:
        left = left[write(descriptor, left) :]


class DiskError(ServiceError):
    """The disk is full, or fails: what is asked again when there is room will be done."""

    def __init__(self, message: str) -> None:
        super().__init__("InternalFailure", message, status=500)


@contextmanager
def said_of_the_disk() -> Iterator[None]:
    """Turn a failing disk into an error for the caller, which SDKs try again."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "The disk of the local cloud is full" if full else f"The disk failed ({error})"
        raise DiskError(
            f"{what}: this request was not accepted; all that was accepted before is kept."
        ) from error


@contextmanager
def sqlite_on_disk() -> Iterator[None]:
    """Have SQLite's errors about the disk be what they are elsewhere: `OSError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        if name.startswith("SQLITE_IOERR"):
            raise OSError(errno.EIO, str(error)) from error
        raise
