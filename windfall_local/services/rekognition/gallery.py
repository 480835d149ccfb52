"""Known faces that the user put into a folder: the local stand-in for Amazon's celebrities.

gallery/Ada Lovelace/portrait.jpg      one folder for each person, with a picture or more
gallery/Ada Lovelace/about.json        {"urls": [...], "gender": "Female"}, if wanted
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windfall_local.api import ServiceError
from windfall_local.engines.vision.results import FaceDetail
from windfall_local.services.rekognition.similarity import cosine
from windfall_local.services.rekognition.vision import Vision

logger = logging.getLogger(__name__)

SUFFIXES = {".jpg", ".jpeg", ".png"}
GENDERS = {"Male", "Female", "Nonbinary", "Unlisted"}
"""Rekognition's `KnownGenderType`."""

Descriptor = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a folder in the gallery."""

    name: str
    folder: Path

    @property
    def id(self) -> str:
        """Letters and digits that stay the same as long as the name does."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:10]

    def pictures(self) -> list[Path]:
        """The pictures in the folder."""
        return sorted(path for path in self.folder.iterdir() if path.suffix.lower() in SUFFIXES)

    def about(self) -> dict[str, Any]:
        """`Urls` and `KnownGender`, as far as the user wrote them down."""
        try:
            notes = json.loads((self.folder / "about.json").read_text())
        except FileNotFoundError:
            notes = {}
        except ValueError:
            logger.warning("about.json of %s in the gallery is not JSON", self.name)
            notes = {}
        about: dict[str, Any] = {"Urls": [str(url) for url in notes.get("urls", [])]}
        if notes.get("gender") in GENDERS:
            about["KnownGender"] = {"Type": notes["gender"]}
        return about


class Gallery:
    """The folder of known faces; a picture is described once and again when it changes.

    Args:
        folder: Where it lies, unless `WINDFALL_GALLERY` names another.
        vision: Describes the pictures.
    """

    def __init__(self, folder: Path, vision: Vision) -> None:
        chosen = os.environ.get("WINDFALL_GALLERY")
        self._folder = Path(chosen).expanduser() if chosen else folder
        self._vision = vision
        self._described: dict[Path, tuple[tuple[int, int], Descriptor | None]] = {}

    def people(self) -> list[Person]:
        """Everybody in the gallery."""
        if not self._folder.is_dir():
            return []
        folders = sorted(entry for entry in self._folder.iterdir() if entry.is_dir())
        return [Person(folder.name.replace("_", " "), folder) for folder in folders]

    def find(self, person_id: str) -> Person | None:
        """Whom an id belongs to."""
        return next((person for person in self.people() if person.id == person_id), None)

    async def descriptors(self) -> list[tuple[Person, Descriptor]]:
        """Every described picture with whom it shows."""
        described = []
        for person in await asyncio.to_thread(self.people):
            for path in await asyncio.to_thread(person.pictures):
                descriptor = await self._describe(path)
                if descriptor is not None:
                    described.append((person, descriptor))
        return described

    async def _describe(self, path: Path) -> Descriptor | None:
        status = await asyncio.to_thread(path.stat)
        stamp = status.st_mtime_ns, status.st_size
        known = self._described.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        content = await asyncio.to_thread(path.read_bytes)
        try:
            faces = await self._vision.faces(content, FaceDetail(descriptor=True))
        except ServiceError as error:
            if error.code != "InvalidImageFormatException":
                raise
            faces = []
        if not faces:
            logger.warning("no face found in %s of the gallery", path)
        descriptor = faces[0].descriptor if faces else None
        self._described[path] = stamp, descriptor
        return descriptor


def nearest(
    face: Sequence[float], known: list[tuple[Person, Descriptor]]
) -> tuple[Person, float] | None:
    """Who is most alike, and the cosine."""
    compared = [(person, cosine(face, descriptor)) for person, descriptor in known]
    return max(compared, key=lambda pair: pair[1], default=None)
