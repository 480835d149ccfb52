"""What the local SageMaker keeps: documents by name, each a file that is replaced whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Records:
    """The documents of one kind: models, endpoints, jobs of one sort.

    Each has a folder of its own, in which its owner may keep more.

    Args:
        folder: Where they lie; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: dict[str, Document] = {}

    def load(self) -> None:
        """Take up what an earlier process left."""
        found = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in self._folder.glob("*/record.json")
        ]
        self._all = {one["name"]: one for one in sorted(found, key=lambda one: one["created"])}

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def __iter__(self) -> Iterator[Document]:
        """In the order in which they were made."""
        return iter(list(self._all.values()))

    def get(self, name: str) -> Document | None:
        """The document of a name."""
        return self._all.get(name)

    def add(self, name: str, **members: Any) -> Document:
        """Keep a new document, with its name and the time."""
        at = now()
        document = {"name": name, "created": at, "modified": at, **members}
        self._all[name] = document
        self.save(document)
        return document

    def save(self, document: Document) -> None:
        """Write a document down; a reader, and a crash, sees the old or the new one whole."""
        if self._all.get(document["name"]) is not document:
            return  # It was deleted meanwhile.
        folder = self.folder(document["name"])
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "record.json.draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / "record.json")

    def change(self, document: Document, **members: Any) -> None:
        """Change a document, and the time of its last change."""
        document.update(members, modified=now())
        self.save(document)

    def delete(self, name: str) -> None:
        """Forget a document and everything in its folder."""
        self._all.pop(name, None)
        shutil.rmtree(self.folder(name), ignore_errors=True)

    def folder(self, name: str) -> Path:
        """Where a document lies; names may differ in case only."""
        return self._folder / hashlib.sha256(name.encode()).hexdigest()[:32]


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).isoformat()


def moment(text: str) -> datetime:
    """A record's time, as boto3 has it."""
    return datetime.fromisoformat(text)
