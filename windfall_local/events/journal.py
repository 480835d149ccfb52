"""What EventBridge was told, has accepted and not yet delivered, and keeps in archives: on disk.

A SQLite file in the cloud's data directory. An accepted event is written before its caller hears
of it, so a killed process delivers it when it is back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windfall_local.mirror.disk import sqlite_on_disk

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pending (
    id TEXT PRIMARY KEY, rule_arn TEXT NOT NULL, target TEXT NOT NULL, event TEXT NOT NULL,
    ingested REAL NOT NULL, attempts INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS archived (
    archive TEXT NOT NULL, time REAL NOT NULL, event TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS definitions (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS archived_by_time ON archived (archive, time);
"""


@dataclass(slots=True)
class PendingRow:
    """A delivery as it is written down."""

    id: str
    rule_arn: str
    target: dict[str, Any]
    event: dict[str, Any]
    ingested: float
    attempts: int


class Journal:
    """The file; what writes to it raises `OSError` when the disk is full, or fails.

    Args:
        path: Where it is, or None to keep it in memory only.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Survives a killed process; a power cut may cost the last moments.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; nothing is kept back in memory."""
        self._connection.close()

    # --- Definitions -------------------------------------------------------------------------

    def write_definitions(self, text: str) -> None:
        """Keep what was defined, instead of what was there before."""
        self._execute("INSERT OR REPLACE INTO definitions VALUES (1, ?)", (text,))

    def definitions(self) -> str | None:
        """What was defined, if anything was."""
        row = self._execute("SELECT text FROM definitions").fetchone()
        return None if row is None else str(row[0])

    # --- Deliveries --------------------------------------------------------------------------

    def add_pending(self, row: PendingRow) -> None:
        """Write a delivery down."""
        self._execute(
            "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.id,
                row.rule_arn,
                json.dumps(row.target),
                json.dumps(row.event),
                row.ingested,
                row.attempts,
            ),
        )

    def count_attempt(self, delivery_id: str, attempts: int) -> None:
        """Write down how often a delivery was tried."""
        self._execute("UPDATE pending SET attempts = ? WHERE id = ?", (attempts, delivery_id))

    def remove_pending(self, delivery_id: str) -> None:
        """Strike a delivery that is done."""
        self._execute("DELETE FROM pending WHERE id = ?", (delivery_id,))

    def pending(self) -> list[PendingRow]:
        """All deliveries that are not done, oldest first."""
        rows = self._execute(
            "SELECT id, rule_arn, target, event, ingested, attempts FROM pending ORDER BY rowid"
        )
        return [
            PendingRow(row[0], row[1], json.loads(row[2]), json.loads(row[3]), row[4], row[5])
            for row in rows
        ]

    # --- Archives ----------------------------------------------------------------------------

    def archive(self, archive: str, time: float, event: dict[str, Any]) -> None:
        """Keep an event."""
        self._execute("INSERT INTO archived VALUES (?, ?, ?)", (archive, time, json.dumps(event)))

    def archive_size(self, archive: str) -> tuple[int, int]:
        """How many events an archive keeps, and their bytes."""
        row = self._execute(
            "SELECT count(*), coalesce(sum(length(CAST(event AS BLOB))), 0) "
            "FROM archived WHERE archive = ?",
            (archive,),
        ).fetchone()
        return int(row[0]), int(row[1])

    def archived(
        self, archive: str, start: float, end: float
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        """The events of an archive from a time to (without) another, oldest first."""
        rows = self._execute(
            "SELECT time, event FROM archived WHERE archive = ? AND time >= ? AND time < ? "
            "ORDER BY time, rowid",
            (archive, start, end),
        ).fetchall()
        for time, event in rows:
            yield time, json.loads(event)

    def forget_before(self, archive: str, time: float) -> None:
        """Drop what is older than an archive's retention."""
        self._execute("DELETE FROM archived WHERE archive = ? AND time < ?", (archive, time))

    def delete_archive(self, archive: str) -> None:
        """Drop all events of an archive."""
        self._execute("DELETE FROM archived WHERE archive = ?", (archive,))

    def _execute(self, statement: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        with sqlite_on_disk():
            return self._connection.execute(statement, parameters)
