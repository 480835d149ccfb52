"""A function's code on disk: where it lies, and whether it changed."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import sys
import time
import zipfile
from pathlib import Path

from windfall_local.api import ServiceError

LOCAL_DIRECTORY = "local-directory"
"""The bucket name that means: run from the directory that the key names."""
RECHECK_SECONDS = 1.0
"""A directory is looked at again after so long: an edit counts from the next second on."""


class SourceTrees:
    """Fingerprints of directories, looked at no more often than once a second."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, int]] = {}

    def fingerprint(self, directories: tuple[str, ...]) -> int:
        """A number that changes when a file in one of the directories does."""
        return hash(tuple(self._look(directory) for directory in directories))

    def _look(self, directory: str) -> int:
        now = time.monotonic()
        known = self._known.get(directory)
        if known is None or now - known[0] >= RECHECK_SECONDS:
            known = self._known[directory] = (now, _walk(directory))
        return known[1]


def _walk(directory: str) -> int:
    found: list[tuple[str, int, int]] = []
    pending = [directory]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        pending.append(entry.path)
                elif not entry.name.endswith(".pyc"):
                    status = entry.stat()
                    found.append((entry.path, status.st_mtime_ns, status.st_size))
    return hash(tuple(sorted(found)))


def import_path(directory: str, layers: list[str]) -> tuple[str, ...]:
    """What Lambda puts on the import path: the code, then each layer's `python` folders."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    path = [directory]
    for layer in layers:
        python = Path(layer) / "python"
        path += [
            str(one) for one in (python, python / "lib" / version / "site-packages") if one.is_dir()
        ]
    return tuple(path)


def check_directory(path: str) -> str:
    """The absolute path of a directory of code.

    Raises:
        ServiceError: There is none.
    """
    directory = Path(path)
    if not directory.is_absolute() or not directory.is_dir():
        raise ServiceError(
            "InvalidParameterValueException",
            f"S3Key must name a directory when S3Bucket is {LOCAL_DIRECTORY}; {path} is none.",
        )
    return str(directory)


def unpack(archive: bytes, root: Path) -> tuple[str, str, int]:
    """Unpack a zip file under its own digest; the directory, the digest in base 64, the size.

    Raises:
        ServiceError: It is not a zip file, or names a path outside of itself.
    """
    digest = hashlib.sha256(archive).digest()
    directory = root / digest.hex()
    if not directory.exists():
        draft = root / f"{digest.hex()}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                opened.extractall(draft)
        except (zipfile.BadZipFile, ValueError) as error:
            shutil.rmtree(draft)
            raise ServiceError(
                "InvalidParameterValueException",
                "Could not unzip uploaded file. Please check your file, then try to upload again.",
            ) from error
        draft.rename(directory)
    return str(directory), base64.b64encode(digest).decode(), len(archive)


def describe_directory(directory: str) -> tuple[str, int]:
    """A digest of what lies there, in base 64, and its size: `CodeSha256` and `CodeSize`."""
    digest, size = hashlib.sha256(), 0
    for path in sorted(Path(directory).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            status = path.stat()
            digest.update(f"{path}\0{status.st_mtime_ns}\0{status.st_size}\n".encode())
            size += status.st_size
    return base64.b64encode(digest.digest()).decode(), size
