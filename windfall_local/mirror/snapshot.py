"""The stores' state in one file, which replaces the one before in a single step."""

from __future__ import annotations

import copyreg
import logging
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import serialization

State = dict[str, dict[str, Any]]

_FORMAT = 1

_log = logging.getLogger(__name__)


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


class SnapshotError(Exception):
    """A snapshot that cannot be read, or must not be; the message says which file and why."""


class Snapshot:
    """The file that holds the stores' state.

    It is a pickle: reading one runs what it says, so a file that another user owns or can write
    is refused.

    Args:
        file: Where it lies; its directory is made.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, state: State) -> None:
        """Replace the file: after a crash there is the old one or the new one, never a half."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            _dump({"format": _FORMAT, "moto": version("moto")}, stream)
            for service, accounts in state.items():
                _dump_service(service, accounts, stream)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self._file)
        _sync_directory(self._file.parent)

    def read(self) -> State:
        """The state, or an empty one when nothing was ever written.

        Raises:
            SnapshotError: The file is not ours, or not readable by this version.
        """
        try:
            stream = self._file.open("rb")
        except FileNotFoundError:
            return {}
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
        if head.get("format") != _FORMAT:
            raise SnapshotError(f"{self._file} was written by another version of Windfall.")
        return dict(services)


def _dump(thing: Any, stream: IO[bytes]) -> None:
    pickler = pickle.Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS | copyreg.dispatch_table
    pickler.dump(thing)


def _dump_service(service: str, accounts: dict[str, Any], stream: IO[bytes]) -> None:
    """Write one service; one that cannot be written does not cost the others their state."""
    start = stream.tell()
    try:
        _dump((service, accounts), stream)
    except Exception:
        _log.exception("The state of %s could not be written down; it is lost.", service)
        stream.seek(start)
        stream.truncate()


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
