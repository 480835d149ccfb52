"""Tells the tasks that wait for long jobs that the jobs ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resume_job.notices import notices_of
from windfall.errors import NotFoundError, TransientError

if TYPE_CHECKING:
    from windfall.ports.jobs import JobService
    from windfall.rendezvous import Rendezvous


@dataclass(frozen=True, slots=True)
class JobResumer:
    """Resumes what waits for jobs.

    Attributes:
        bucket: The results bucket; jobs of this stack that all the account hears of are named
            after it.
        prefix: What the names of this stack's models and endpoints begin with.
    """

    rendezvous: Rendezvous
    services: Mapping[str, JobService]
    bucket: str
    prefix: str

    def resume(self, event: dict[str, Any]) -> dict[str, str]:
        """Tell who waits; the answer says of each job that ended what was done.

        An event about jobs of others, or about a job that goes on, says nothing to anybody.

        Raises:
            TransientError: Deliver the event again.
            pydantic.ValidationError: The event is none of those that AWS sends.
        """
        done = {}
        for notice in notices_of(event, self.bucket, self.prefix):
            job = notice.job
            try:
                done[job.name] = self.rendezvous.resume(
                    job, self.services[job.service], notice.handle
                )
            except NotFoundError:
                # Only its service could tell that it is a job of somebody else.
                continue
            if done[job.name] == "running":
                raise TransientError(
                    f"{job.service} told the end of {job.name}, but does not know of it yet."
                )
        return done
