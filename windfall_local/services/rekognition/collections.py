"""Face collections, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import struct
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windfall_local.api import ServiceError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (id TEXT PRIMARY KEY, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS faces (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    face_id TEXT NOT NULL,
    face TEXT NOT NULL,
    descriptor BLOB NOT NULL,
    UNIQUE (collection, face_id)
);
"""


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face of a collection.

    Attributes:
        number: Grows with each face; pages continue after it.
        face: Rekognition's `Face`.
        descriptor: What it is compared by.
    """

    number: int
    face: dict[str, Any]
    descriptor: tuple[float, ...]


class Collections:
    """Every collection.

    Args:
        path: Of the database; made when it is first used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self, collection: str) -> None:
        """Start a collection.

        Raises:
            ServiceError: There is one of that name.
        """
        with closing(self._connect()) as connection, connection:
            try:
                connection.execute(
                    "INSERT INTO collections VALUES (?, ?)", (collection, time.time())
                )
            except sqlite3.IntegrityError as error:
                raise ServiceError(
                    "ResourceAlreadyExistsException",
                    f"The collection id: {collection} already exists",
                ) from error

    def ids(self) -> list[str]:
        """The ids of every collection."""
        with closing(self._connect()) as connection:
            rows = connection.execute("SELECT id FROM collections ORDER BY id").fetchall()
        return [row[0] for row in rows]

    def describe(self, collection: str) -> tuple[float, int]:
        """When it was created (seconds since 1970) and how many faces it holds.

        Raises:
            ServiceError: There is none of that name.
        """
        with closing(self._connect()) as connection:
            row = connection.execute(
                "SELECT created, (SELECT count(*) FROM faces WHERE collection = id) "
                "FROM collections WHERE id = ?",
                (collection,),
            ).fetchone()
        if row is None:
            raise ServiceError(
                "ResourceNotFoundException", f"The collection id: {collection} does not exist"
            )
        return float(row[0]), int(row[1])

    def delete(self, collection: str) -> None:
        """End a collection and its faces.

        Raises:
            ServiceError: There is none of that name.
        """
        self.describe(collection)
        with closing(self._connect()) as connection, connection:
            connection.execute("DELETE FROM collections WHERE id = ?", (collection,))

    def add(self, collection: str, faces: Sequence[tuple[dict[str, Any], Sequence[float]]]) -> None:
        """Keep faces with their descriptors; one that is there already stays as it is."""
        rows = [
            (collection, face["FaceId"], json.dumps(face), struct.pack(f"<{len(of)}f", *of))
            for face, of in faces
        ]
        with closing(self._connect()) as connection, connection:
            connection.executemany(
                "INSERT OR IGNORE INTO faces (collection, face_id, face, descriptor) "
                "VALUES (?, ?, ?, ?)",
                rows,
            )

    def faces(self, collection: str) -> list[StoredFace]:
        """Every face of a collection, the oldest first.

        Raises:
            ServiceError: There is no collection of that name.
        """
        self.describe(collection)
        with closing(self._connect()) as connection:
            rows = connection.execute(
                "SELECT number, face, descriptor FROM faces WHERE collection = ? ORDER BY number",
                (collection,),
            ).fetchall()
        return [
            StoredFace(number, json.loads(face), struct.unpack(f"<{len(blob) // 4}f", blob))
            for number, face, blob in rows
        ]

    def remove(self, collection: str, face_id: str) -> bool:
        """Take a face out; False when it was not there."""
        with closing(self._connect()) as connection, connection:
            cursor = connection.execute(
                "DELETE FROM faces WHERE collection = ? AND face_id = ?", (collection, face_id)
            )
            return cursor.rowcount > 0

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(_SCHEMA)
        return connection
