"""The journal: numbered segments, each a file that entries are added to, one after the other.

    entry = length (4 bytes), CRC-32 (4 bytes), that many bytes

An entry is handed to the operating system before it takes effect: it survives the end of this
process, however sudden. It is not waited for until it lies on the disk; a power cut can cost the
last moments (docs/adr/0017-every-write-is-journalled.md).
"""

from __future__ import annotations

import logging
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zlib import crc32

from windfall_local.mirror.disk import Write, write_whole
from windfall_local.mirror.errors import JournalError

_HEAD = struct.Struct("<II")
_SUFFIX = ".journal"

_log = logging.getLogger(__name__)


class Journal:
    """The segments of one cloud; one process writes them.

    Args:
        folder: Where they lie; it is made.
        write: Writes as many bytes as it can, like `os.write`.
    """

    def __init__(self, folder: Path, write: Write = os.write) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._write = write
        self._descriptor = -1
        self._end = 0
        self._adding = threading.Lock()
        self.segment = 0
        """The number of the segment that is written; 0: none is."""
        self.entries = 0
        """How many entries this segment has."""
        self.size = 0
        """Bytes of this segment, and of the bodies that its entries brought."""

    # --- Reading --------------------------------------------------------------------------------

    def segments(self) -> list[int]:
        """The numbers of the segments that are there, in order."""
        return sorted(int(path.stem) for path in self._folder.glob(f"*{_SUFFIX}"))

    def read(self, number: int, *, is_last: bool) -> Iterator[bytes]:
        """The entries of a segment.

        Args:
            number: Which one.
            is_last: Whether a process may have ended in the middle of writing it: then a last
                entry that is not whole was never accepted, and is cut off.

        Raises:
            JournalError: It is damaged, or not ours.
        """
        path = self._path(number)
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o022:
                raise JournalError(f"{path} could have been written by another user.")
            end = 0
            while True:
                head = stream.read(_HEAD.size)
                if not head:
                    return
                entry = _read_entry(head, stream)
                if entry is None:
                    break
                yield entry
                end = stream.tell()
        if not is_last:
            raise JournalError(
                f"{path} is damaged from byte {end} on, and more was accepted after it. Move "
                f"{self._folder.parent} away to start empty."
            )
        self._cut(path, end, status.st_size)

    def _cut(self, path: Path, end: int, size: int) -> None:
        # What is cut off is kept beside: after a power cut it may be more than one entry.
        with path.open("r+b") as stream:
            stream.seek(end)
            path.with_suffix(".torn").write_bytes(stream.read())
            stream.truncate(end)
        _log.warning("%s ends in the middle of an entry: %d bytes cut off.", path, size - end)

    # --- Writing --------------------------------------------------------------------------------

    def begin(self, number: int, first: bytes) -> None:
        """Begin a segment; what is added from here on is in it.

        Raises:
            OSError: The disk is full, or fails; the segment before goes on.
        """
        path = self._path(number)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            write_whole(self._write, descriptor, _frame(first))
        except OSError:
            os.close(descriptor)
            path.unlink()
            raise
        with self._adding:
            before, self._descriptor = self._descriptor, descriptor
            self._end = _HEAD.size + len(first)
            self.segment, self.entries, self.size = number, 1, self._end
        if before != -1:
            os.close(before)

    def add(self, entry: bytes, weight: int = 0) -> int:
        """Add an entry; where it lies, for `take_back`.

        Args:
            entry: Its bytes.
            weight: Bytes of its body, when that is a file.

        Raises:
            OSError: The disk is full, or fails; the journal is as it was before.
        """
        framed = _frame(entry)
        with self._adding:
            start = self._end
            try:
                write_whole(self._write, self._descriptor, framed)
            except OSError:
                os.ftruncate(self._descriptor, start)
                raise
            self._end = start + len(framed)
            self.entries += 1
            self.size += len(framed) + weight
        return start

    def take_back(self, start: int) -> None:
        """Remove an entry that came to nothing, and all after it.

        Only one request is answered at a time, so what comes after it is `Told`, which may be lost:
        then the observers are told twice.
        """
        with self._adding:
            os.ftruncate(self._descriptor, start)
            self._end = start

    def drop_through(self, number: int) -> None:
        """Remove the segments up to a number, for a snapshot has what they say."""
        for found in self.segments():
            if found <= number and found != self.segment:
                self._path(found).unlink()
                self._path(found).with_suffix(".torn").unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor != -1:
            os.close(self._descriptor)
            self._descriptor, self.segment = -1, 0

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08}{_SUFFIX}"


def _frame(entry: bytes) -> bytes:
    return _HEAD.pack(len(entry), crc32(entry)) + entry


def _read_entry(head: bytes, stream: IO[bytes]) -> bytes | None:
    """The entry behind a head, or None when it is not whole."""
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    entry = stream.read(length)
    return entry if len(entry) == length and crc32(entry) == checksum else None
