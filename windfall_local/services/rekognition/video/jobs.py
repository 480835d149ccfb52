"""The video jobs of one cloud: each a folder, whose record is replaced whole."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from windfall_local.api import Principal, ServiceError

Status = Literal["IN_PROGRESS", "SUCCEEDED", "FAILED"]

KEPT = timedelta(days=7)
"""How long results are kept, and how long a ClientRequestToken stands for its job."""


class JobFailedError(Exception):
    """The job has failed for good; the message is its StatusMessage."""


@dataclass(slots=True)
class VideoJob:
    """An analysis of a video, as it is kept.

    Attributes:
        job_id: 64 hexadecimal digits, as Rekognition's are.
        start: The operation that made it (`StartLabelDetection`), which its end names too.
        request: That operation's parameters.
        caller: As whom the video is read.
        source: The video as it was then: `bucket`, `key`, `size`, `etag`, perhaps `version`.
        created: When it was accepted.
        number: In the order in which jobs were accepted.
        status: Where it stands.
        ended: When it ended.
        reason: Why it failed.
        found: What was found out about the video: the shapes of its metadata.
        told: Whether its end has been told to its topic.
    """

    job_id: str
    start: str
    request: dict[str, Any]
    caller: dict[str, Any]
    source: dict[str, Any]
    created: str
    number: int
    status: Status = "IN_PROGRESS"
    ended: str | None = None
    reason: str | None = None
    found: dict[str, Any] = field(default_factory=dict)
    told: bool = False

    @property
    def principal(self) -> Principal:
        """As whom it reads."""
        return Principal(**self.caller)

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change it any more."""
        return self.status != "IN_PROGRESS"


class VideoJobs:
    """Jobs by their id.

    Args:
        folder: Where they lie; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: dict[str, VideoJob] = {}

    def load(self) -> None:
        """Take up what an earlier process left."""
        self._jobs.clear()
        for path in self._folder.glob("*/job.json"):
            job = VideoJob(**json.loads(path.read_text(encoding="utf-8")))
            self._jobs[job.job_id] = job
        self.forget_old()

    def __iter__(self) -> Iterator[VideoJob]:
        """In the order in which they were accepted."""
        return iter(sorted(self._jobs.values(), key=lambda job: job.number))

    def add(
        self, start: str, request: dict[str, Any], principal: Principal, source: dict[str, Any]
    ) -> VideoJob:
        """Accept a job."""
        number = max((job.number for job in self._jobs.values()), default=0) + 1
        job = VideoJob(
            secrets.token_hex(32), start, request, asdict(principal), source, now(), number
        )
        self.save(job)
        self._jobs[job.job_id] = job
        return job

    def get(self, start: str, job_id: str) -> VideoJob:
        """The job of an id, which an operation made.

        Raises:
            ServiceError: There is none, or another operation made it, or it is long gone.
        """
        self.forget_old()
        job = self._jobs.get(job_id)
        if job is None or job.start != start:
            raise ServiceError("ResourceNotFoundException", "Could not find JobId")
        return job

    def known(self, start: str, request: dict[str, Any]) -> VideoJob | None:
        """The job that a request's ClientRequestToken stands for already.

        Raises:
            ServiceError: It stands for a job with other parameters.
        """
        token = request.get("ClientRequestToken")
        self.forget_old()
        for job in self._jobs.values():
            if token and job.start == start and job.request.get("ClientRequestToken") == token:
                if job.request != request:
                    raise ServiceError(
                        "IdempotentParameterMismatchException",
                        "The ClientRequestToken was used with other parameters before.",
                    )
                return job
        return None

    def save(self, job: VideoJob) -> None:
        """Write a job down; a reader, and a crash, sees the old or the new record whole."""
        folder = self.folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "job.json.draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(job), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / "job.json")

    def folder(self, job: VideoJob) -> Path:
        """Where a job's files lie."""
        return self._folder / job.job_id

    def forget_old(self) -> None:
        """Forget jobs that ended so long ago that AWS would not know them either."""
        oldest = (datetime.now(UTC) - KEPT).isoformat()
        for job in list(self._jobs.values()):
            if job.ended is not None and job.ended < oldest:
                del self._jobs[job.job_id]
                shutil.rmtree(self.folder(job), ignore_errors=True)


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).isoformat()
