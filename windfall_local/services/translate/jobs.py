"""The batch jobs of one cloud: accepted, worked on, stopped, told of."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from windfall_local.api import Cloud, ServiceError
from windfall_local.services.job_folders import JobFolders, now
from windfall_local.services.translate.batch import BatchTranslator, JobFailedError
from windfall_local.services.translate.job import (
    TranslationJob,
    check_request,
    invalid_request,
)
from windfall_local.services.translate.translating import Translating

CONCURRENT = 10
QUEUED = 1_000
"""AWS's quotas: jobs in progress, and jobs that wait behind them."""

_KEPT = timedelta(days=90)
"""How long a job is known; AWS documents no end."""

_log = logging.getLogger(__name__)


class Jobs:
    """Jobs, and the work on them.

    Args:
        cloud: Has the documents, and the bus.
        translating: Translates texts.
        folder: Where jobs are kept.
    """

    def __init__(self, cloud: Cloud, translating: Translating, folder: Path) -> None:
        self._cloud = cloud
        self._translating = translating
        self._translator = BatchTranslator(cloud, translating)
        self._jobs = JobFolders(folder, TranslationJob, _KEPT)
        self._working: dict[str, asyncio.Task[None]] = {}

    def __iter__(self) -> Any:
        """The latest first."""
        return iter(self._jobs)

    async def start(self) -> None:
        """Go on with what an earlier process accepted."""
        self._jobs.load()
        for job in reversed(list(self._jobs)):
            if job.has_ended and not job.announced:
                await self._announce(job)
            elif job.status in ("IN_PROGRESS", "STOP_REQUESTED"):
                self._work_on(job)
        self._begin_waiting()

    async def stop(self) -> None:
        """End the work; what is done of it is kept."""
        working = list(self._working.values())
        for work in working:
            work.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def accept(self, request: dict[str, Any]) -> TranslationJob:
        """Take a job on; the same token and request again is the same job.

        Raises:
            ServiceError: What AWS refuses, with its code.
        """
        check_request(request)
        known = self._by_token(request)
        if known is not None:
            return known
        for target in request["TargetLanguageCodes"]:
            await self._translating.check_pair(request["SourceLanguageCode"], target)
        job = TranslationJob(
            number=0, name=uuid4().hex, request=request, status="SUBMITTED", created=now()
        )
        await self._translator.check_access(job)
        # From here on nothing is awaited: a token makes one job, and the limit holds.
        known = self._by_token(request)
        if known is not None:
            return known
        self._check_limit()
        job.number = self._jobs.next_number
        self._jobs.add(job)
        self._begin_waiting()
        return job

    def find(self, name: str) -> TranslationJob:
        """The job of an id.

        Raises:
            ServiceError: There is none.
        """
        job = self._jobs.get(name)
        if job is None:
            raise ServiceError(
                "ResourceNotFoundException", f"The batch translation job {name} was not found."
            )
        return job

    async def request_stop(self, name: str) -> TranslationJob:
        """Stop a job that has not ended; one that waits ends at once."""
        job = self.find(name)
        if job.has_ended:
            return job
        waits = job.status == "SUBMITTED"
        job.status = "STOP_REQUESTED"
        self._jobs.save(job)
        if waits:
            # Its worker finds that it is to stop before it reads a document.
            self._work_on(job)
        return job

    def _by_token(self, request: dict[str, Any]) -> TranslationJob | None:
        token = request["ClientToken"]
        for job in self._jobs:
            if job.request["ClientToken"] == token:
                if job.request != request:
                    raise invalid_request("The ClientToken was used before with other parameters.")
                return job
        return None

    def _check_limit(self) -> None:
        if sum(not job.has_ended for job in self._jobs) >= CONCURRENT + QUEUED:
            raise ServiceError(
                "TooManyRequestsException",
                f"{CONCURRENT} batch translation jobs run and {QUEUED} wait: that is the limit.",
                status=429,
            )

    # --- Work -----------------------------------------------------------------------------------

    def _begin_waiting(self) -> None:
        """Begin jobs that wait, the oldest first, as many as may run."""
        running = sum(job.status == "IN_PROGRESS" for job in self._jobs)
        waiting = [job for job in reversed(list(self._jobs)) if job.status == "SUBMITTED"]
        for job in waiting[: max(0, CONCURRENT - running)]:
            job.status = "IN_PROGRESS"
            self._jobs.save(job)
            self._work_on(job)

    def _work_on(self, job: TranslationJob) -> None:
        work = asyncio.create_task(self._work(job), name=f"translate {job.name}")
        self._working[job.name] = work
        work.add_done_callback(lambda _: self._working.pop(job.name, None))

    async def _work(self, job: TranslationJob) -> None:
        try:
            if job.status == "IN_PROGRESS":
                await self._translator.translate(job, self._jobs.folder(job))
            self._close(job)
        except JobFailedError as error:
            job.status, job.message = "FAILED", str(error)
        except Exception as error:
            # A bug of ours ends this job, and says so; the others go on.
            _log.exception("The batch translation job %s failed", job.name)
            job.status, job.message = "FAILED", f"Internal failure: {type(error).__name__}"
        job.ended = now()
        self._jobs.save(job)
        await self._announce(job)
        self._begin_waiting()

    def _close(self, job: TranslationJob) -> None:
        # A job that was done before it could be stopped is done.
        if not job.counts:
            job.status, job.message = "STOPPED", "Your job has been stopped."
        elif job.counts["DocumentsWithErrorsCount"]:
            job.status = "COMPLETED_WITH_ERROR"
            job.message = "Your job has completed, and some documents have errors."
        else:
            job.status, job.message = "COMPLETED", "Your job has completed successfully."

    async def _announce(self, job: TranslationJob) -> None:
        await self._cloud.emit(
            "aws.translate",
            "Translate TextTranslationJob State Change",
            {"jobId": job.name, "jobStatus": job.status},
            [],
        )
        # After the event: an end of the process in between tells it twice, and never not at all.
        job.announced = True
        self._jobs.save(job)
