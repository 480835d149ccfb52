"""What can be wrong with the mirror.

MirrorError
├── SnapshotError    the snapshot cannot be read, must not be, or cannot be written
├── JournalError     the journal cannot be read, or must not be
└── BodyLostError    a large body is not on the disk any more
"""

from __future__ import annotations


class MirrorError(Exception):
    """The stores cannot be brought back; the message says which file and why."""


class SnapshotError(MirrorError):
    """A snapshot that cannot be read, must not be, or cannot be written."""


class JournalError(MirrorError):
    """A journal that cannot be read, or must not be."""


class BodyLostError(MirrorError):
    """A large body that is not on the disk, or not as it was written."""
