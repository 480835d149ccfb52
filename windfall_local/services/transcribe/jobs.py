"""The jobs of one cloud: each a folder, whose record is replaced whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from windfall_local.api import Principal, ServiceError

Status = Literal["QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"]

KEPT = timedelta(days=90)
"""How long AWS knows a job that has ended."""


@dataclass(slots=True)
class Job:
    """A transcription, as it is kept.

    Attributes:
        number: In the order in which jobs were accepted.
        request: The parameters of StartTranscriptionJob.
        caller: As whom media are read and transcripts are written.
        status: Where it stands.
        created: When it was accepted.
        started: When it began to be worked on.
        ended: When it ended.
        reason: Why it failed.
        found: What was found out: `language`, `score`, `format`, `rate`, `model`, `files`.
        announced: Whether its end has been put on the bus.
    """

    number: int
    request: dict[str, Any]
    caller: dict[str, Any]
    status: Status
    created: str
    started: str | None = None
    ended: str | None = None
    reason: str | None = None
    found: dict[str, Any] = field(default_factory=dict)
    announced: bool = False

    @property
    def name(self) -> str:
        """What the caller called it."""
        return str(self.request["TranscriptionJobName"])

    @property
    def principal(self) -> Principal:
        """As whom it works."""
        return Principal(**self.caller)

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change it any more."""
        return self.status in ("COMPLETED", "FAILED")


class JobStore:
    """Jobs by name.

    Args:
        folder: Where they lie; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: dict[str, Job] = {}

    def load(self) -> None:
        """Take up what an earlier process left; forget what ended long ago."""
        self._jobs.clear()
        oldest = (datetime.now(UTC) - KEPT).isoformat()
        for path in self._folder.glob("*/job.json"):
            job = Job(**json.loads(path.read_text(encoding="utf-8")))
            if job.ended is not None and job.ended < oldest:
                shutil.rmtree(path.parent)
            else:
                self._jobs[job.name] = job

    def __contains__(self, name: object) -> bool:
        return name in self._jobs

    def __iter__(self) -> Iterator[Job]:
        """The latest first, as AWS lists them."""
        return iter(sorted(self._jobs.values(), key=lambda job: -job.number))

    def add(self, request: dict[str, Any], principal: Principal, status: Status) -> Job:
        """Accept a job.

        Raises:
            ServiceError: There is one of this name.
        """
        if request["TranscriptionJobName"] in self._jobs:
            message = "The requested job name already exists."
            raise ServiceError("ConflictException", message, status=409)
        number = max((job.number for job in self._jobs.values()), default=0) + 1
        job = Job(number, request, asdict(principal), status, now())
        if status == "IN_PROGRESS":
            job.started = job.created
        self.save(job)
        self._jobs[job.name] = job
        return job

    def get(self, name: str) -> Job | None:
        """The job of a name."""
        return self._jobs.get(name)

    def is_current(self, job: Job) -> bool:
        """Whether a job has not been deleted meanwhile."""
        return self._jobs.get(job.name) is job

    def save(self, job: Job) -> None:
        """Write a job down; a reader, and a crash, sees the old or the new record whole."""
        folder = self.folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "job.json.draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(job), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / "job.json")

    def delete(self, job: Job) -> None:
        """Forget a job and everything of it."""
        self._jobs.pop(job.name, None)
        shutil.rmtree(self.folder(job), ignore_errors=True)

    def folder(self, job: Job) -> Path:
        """Where a job's files lie; names may differ in case only, and may be dots."""
        return self._folder / hashlib.sha256(job.name.encode()).hexdigest()[:32]


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).isoformat()
