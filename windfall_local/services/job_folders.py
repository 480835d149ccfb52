"""The jobs of one service: each a folder, whose record is replaced whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar


class Job(Protocol):
    """What the folders know of a job; it is a dataclass of plain data."""

    number: int
    """In the order in which jobs were accepted."""
    created: str
    """When it was accepted, as `now` has it."""

    @property
    def name(self) -> str:
        """Unlike any other of the service."""
        ...

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change it any more."""
        ...


AnyJob = TypeVar("AnyJob", bound=Job)


class JobFolders(Generic[AnyJob]):
    """Jobs by name.

    Args:
        folder: Where they lie; made with the first one.
        read: Makes a job of its record.
        kept: How long AWS knows a job that has ended, from when it was accepted.
    """

    def __init__(self, folder: Path, read: Callable[..., AnyJob], kept: timedelta) -> None:
        self._folder = folder
        self._read = read
        self._kept = kept
        self._jobs: dict[str, AnyJob] = {}

    def load(self) -> None:
        """Take up what an earlier process left; forget what ended long ago."""
        self._jobs.clear()
        oldest = (datetime.now(UTC) - self._kept).isoformat()
        for path in self._folder.glob("*/job.json"):
            job = self._read(**json.loads(path.read_text(encoding="utf-8")))
            if job.has_ended and job.created < oldest:
                shutil.rmtree(path.parent)
            else:
                self._jobs[job.name] = job

    def __contains__(self, name: object) -> bool:
        return name in self._jobs

    def __iter__(self) -> Iterator[AnyJob]:
        """The latest first, as AWS lists them."""
        return iter(sorted(self._jobs.values(), key=lambda job: -job.number))

    @property
    def next_number(self) -> int:
        """For the next one to be accepted."""
        return max((job.number for job in self._jobs.values()), default=0) + 1

    def add(self, job: AnyJob) -> None:
        """Accept a job."""
        self.save(job)
        self._jobs[job.name] = job

    def get(self, name: str) -> AnyJob | None:
        """The job of a name."""
        return self._jobs.get(name)

    def is_current(self, job: AnyJob) -> bool:
        """Whether a job has not been deleted meanwhile."""
        return self._jobs.get(job.name) is job

    def save(self, job: AnyJob) -> None:
        """Write a job down; a reader, and a crash, sees the old or the new record whole."""
        folder = self.folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "job.json.draft"
        record: Any = job
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(record), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / "job.json")

    def delete(self, job: AnyJob) -> None:
        """Forget a job and everything of it."""
        self._jobs.pop(job.name, None)
        shutil.rmtree(self.folder(job), ignore_errors=True)

    def folder(self, job: AnyJob) -> Path:
        """Where a job's files lie; names may differ in case only, and may be dots."""
        return self._folder / hashlib.sha256(job.name.encode()).hexdigest()[:32]


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).isoformat()
