"""Tells the task that waits for a long job that the job ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from windfall.contracts.aws import TranscriptionJobEvent
from windfall.contracts.jobs import JobId
from windfall.errors import TransientError
from windfall.ports.jobs import JobService
from windfall.rendezvous import Rendezvous

_ENDED = frozenset({"COMPLETED", "FAILED"})


@dataclass(frozen=True, slots=True)
class JobResumer:
    """Resumes what waits for jobs.

    Attributes:
        bucket: The results bucket; jobs of this stack are named after it.
    """

    rendezvous: Rendezvous
    services: Mapping[str, JobService]
    bucket: str

    def resume(self, event: TranscriptionJobEvent) -> str:
        """Tell who waits; the answer says what was done.

        Raises:
            TransientError: Deliver the event again.
        """
        if event.detail.status not in _ENDED:
            return "ignored: the job goes on"
        if not event.detail.name.startswith(f"{self.bucket}-"):
            return "ignored: a job of somebody else"
        job = JobId("transcribe", event.detail.name)
        done = self.rendezvous.resume(job, self.services[job.service])
        if done == "running":
            raise TransientError("Transcribe told the job's end, but does not know of it yet.")
        return done
