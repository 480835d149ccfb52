"""The transcription jobs of one cloud."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from windfall_local.api import Principal, ServiceError
from windfall_local.services.job_folders import JobFolders, now

Status = Literal["QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"]

KEPT = timedelta(days=90)
"""How long AWS knows a job."""


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


class JobStore(JobFolders[Job]):
    """Jobs by name.

    Args:
        folder: Where they lie; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Job, KEPT)

    def accept(self, request: dict[str, Any], principal: Principal, status: Status) -> Job:
        """Accept a job.

        Raises:
            ServiceError: There is one of this name.
        """
        if request["TranscriptionJobName"] in self:
            message = "The requested job name already exists."
            raise ServiceError("ConflictException", message, status=409)
        job = Job(self.next_number, request, asdict(principal), status, now())
        if status == "IN_PROGRESS":
            job.started = job.created
        self.add(job)
        return job
