"""The video jobs of one cloud: each a folder, whose record is replaced whole."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from windfall_local.api import Principal, ServiceError
from windfall_local.services.job_folders import JobFolders, now

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
    def name(self) -> str:
        """Its id."""
        return self.job_id

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change it any more."""
        return self.status != "IN_PROGRESS"

    @property
    def is_old(self) -> bool:
        """Whether AWS would not know it any more."""
        return self.has_ended and self.created < (datetime.now(UTC) - KEPT).isoformat()


class VideoJobs(JobFolders[VideoJob]):
    """Jobs by their id.

    Args:
        folder: Where they lie; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, VideoJob, KEPT)

    def accept(
        self, start: str, request: dict[str, Any], principal: Principal, source: dict[str, Any]
    ) -> VideoJob:
        """Make a job of a request."""
        job = VideoJob(
            secrets.token_hex(32),
            start,
            request,
            asdict(principal),
            source,
            now(),
            self.next_number,
        )
        self.add(job)
        return job

    def find(self, start: str, job_id: str) -> VideoJob:
        """The job of an id, which an operation made.

        Raises:
            ServiceError: There is none, or another operation made it, or it is long gone.
        """
        job = self.get(job_id)
        if job is None or job.start != start or job.is_old:
            raise ServiceError("ResourceNotFoundException", "Could not find JobId")
        return job

    def known(self, start: str, request: dict[str, Any]) -> VideoJob | None:
        """The job that a request's ClientRequestToken stands for already.

        Raises:
            ServiceError: It stands for a job with other parameters.
        """
        token = request.get("ClientRequestToken")
        if not token:
            return None
        for job in self:
            if job.start != start or job.request.get("ClientRequestToken") != token or job.is_old:
                continue
            if job.request != request:
                raise ServiceError(
                    "IdempotentParameterMismatchException",
                    "The ClientRequestToken was used with other parameters before.",
                )
            return job
        return None
