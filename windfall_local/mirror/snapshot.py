"""The stores' state in one file, which replaces the one before in a single step."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import serialization

from windfall_local.mirror.errors import SnapshotError
from windfall_local.wire.message import HttpResponse

State = dict[str, dict[str, Any]]

_FORMAT = 2
_FORMATS = (1, _FORMAT)
"""Readable ones; the first was written without a journal beside it."""


def _fresh(kind: Callable[[], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda _: (kind, ())


def _read_key(der: bytes) -> Any:
    return serialization.load_der_private_key(der, None)


def _key_as_bytes(key: Any) -> tuple[Any, ...]:
    der = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return _read_key, (der,)


_REDUCERS: dict[type, Any] = {
    # Locks are part of moto's models; each comes back as a new, free one.
    threading.Condition: _fresh(threading.Condition),
    type(threading.Lock()): _fresh(threading.Lock),
    type(threading.RLock()): _fresh(threading.RLock),
    # KMS's asymmetric keys; the file is as private as they are.
    openssl.rsa.RSAPrivateKey: _key_as_bytes,
    openssl.ec.ECPrivateKey: _key_as_bytes,
    openssl.ed25519.Ed25519PrivateKey: _key_as_bytes,
}


@dataclass(slots=True)
class Snapshot:
    """The stores at one moment.

    Attributes:
        state: Of each service.
        covers: The last segment of the journal whose entries are in it.
        untold: Requests in it of which the observers had not heard, and their answers.
    """

    state: State = field(default_factory=dict)
    covers: int = 0
    untold: list[tuple[bytes, HttpResponse]] = field(default_factory=list)


class SnapshotFile:
    """The file that holds a snapshot.

    It is a pickle: reading one runs what it says, so a file that another user owns or can write
    is refused.

    Args:
        file: Where it lies; its directory is made.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, snapshot: Snapshot) -> None:
        """Replace the file: after a crash there is the old one or the new one, never a half.

        Raises:
            OSError: The disk is full, or fails; the old file is there as before.
            SnapshotError: A service's state cannot be written down; the same.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._file.with_suffix(f".{os.getpid()}.new")
        draft.unlink(missing_ok=True)
        try:
            _write(draft, snapshot)
            draft.replace(self._file)
        finally:
            draft.unlink(missing_ok=True)
        _sync_directory(self._file.parent)

    def read(self) -> Snapshot:
        """The snapshot, or an empty one when nothing was ever written.

        Raises:
            SnapshotError: The file is not ours, or not readable by this version.
        """
        try:
            stream = self._file.open("rb")
        except FileNotFoundError:
            return Snapshot()
        with stream:
            status = os.fstat(stream.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o022:
                raise SnapshotError(f"{self._file} could have been written by another user.")
            try:
                head, *services = _load(stream)
            except Exception as error:
                raise SnapshotError(
                    f"{self._file} cannot be read ({error!r}). Move it away to start empty."
                ) from error
        if head.get("format") not in _FORMATS:
            raise SnapshotError(f"{self._file} was written by another version of Windfall.")
        return Snapshot(dict(services), head.get("covers", 0), head.get("untold", []))


def _write(file: Path, snapshot: Snapshot) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        head = {"format": _FORMAT, "moto": version("moto")}
        _dump({**head, "covers": snapshot.covers, "untold": snapshot.untold}, stream)
        for service, accounts in snapshot.state.items():
            try:
                _dump((service, accounts), stream)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                raise SnapshotError(
                    f"The state of {service} cannot be written down: {error!r}"
                ) from error
        stream.flush()
        os.fsync(stream.fileno())


def pickled(accounts: dict[str, Any]) -> bytes:
    """One service's state as bytes."""
    stream = io.BytesIO()
    _dump(accounts, stream)
    return stream.getvalue()


def _dump(thing: Any, stream: IO[bytes]) -> None:
    pickler = pickle.Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS | copyreg.dispatch_table
    pickler.dump(thing)


def _load(stream: IO[bytes]) -> Iterator[Any]:
    while True:
        try:
            yield pickle.load(stream)
        except EOFError:
            return


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
