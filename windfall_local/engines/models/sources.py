"""What a model is, and what brings one here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

Progress = Callable[[str], None]
"""Told of each step in words that a person reads."""


def silent(message: str) -> None:
    """A `Progress` for callers that show none."""


@dataclass(frozen=True, slots=True)
class Model:
    """One thing that an engine needs, and that is fetched rather than shipped.

    Attributes:
        name: What engines ask for (`centernet`, `apertium-eng-spa`).
        version: Of the package it comes from.
        serves: What it is for, in a few words.
        source: The name of its `Source`.
        package: What the source fetches (`@vladmandic/human`).
        path: Where it lies in the models directory: a file, or a folder.
        size: Bytes it takes when installed; about, for a folder.
        licence: As far as it is known. "not found" is an answer.
        provenance: Who made it, and where.
        sha256: Of the installed file. None where the source pins it another way.
        inputs: sha256 of each file that is taken out of the package, by its path in there.
    """

    name: str
    version: str
    serves: str
    source: str
    package: str
    path: str
    size: int
    licence: str
    provenance: str
    sha256: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)


class Source(Protocol):
    """Brings the models of one kind of package: npm's, Debian's."""

    name: str

    def obstacle(self) -> str | None:
        """Why this machine can't fetch from here, and what would help; None when it can."""
        ...

    def install(self, models: Sequence[Model], staging: Path, progress: Progress) -> None:
        """Write each model to `staging / model.path`, with everything in it verified.

        Raises:
            EngineUnavailableError: It could not be fetched, or is not what the catalogue pins.
        """
        ...


def sha256_of(path: Path) -> str:
    """The digest of a file, or of a folder's files with their names, as lower-case hex."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for member in sorted(entry for entry in path.rglob("*") if entry.is_file()):
        digest.update(f"{member.relative_to(path).as_posix()}\0{sha256_of(member)}\n".encode())
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of a folder's files."""
    if path.is_file():
        return path.stat().st_size
    return sum(entry.stat().st_size for entry in path.rglob("*") if entry.is_file())
