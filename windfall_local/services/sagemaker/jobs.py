"""Jobs that SageMaker works on until they end: accepted, done in turns, stopped, told of."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from windfall_local.services.sagemaker.channels import DownloadError
from windfall_local.services.sagemaker.containers import Container
from windfall_local.services.sagemaker.records import Document, Records, moment, now
from windfall_local.services.sagemaker.wording import invalid, limit_exceeded

CONCURRENT = 20
"""Jobs of one sort in progress; a common default of the quotas of instances."""
AT_A_TIME = 2
"""Jobs that are really worked on; the others wait for their turn, in progress for the caller."""
GRACE = 120.0
"""Seconds from SIGTERM to SIGKILL, as SageMaker gives them."""
REASON = 1024
"""Characters of a FailureReason."""

_log = logging.getLogger(__name__)


class JobFailedError(Exception):
    """The job has failed; the message is its FailureReason."""


class Worker(Protocol):
    """Does the jobs of one sort."""

    jobs: Jobs
    """Whose it is; set by them."""

    async def work(self, job: Document) -> None:
        """Do a job.

        Raises:
            JobFailedError: It can't be done.
            windfall_local.services.sagemaker.channels.DownloadError: Its data can't be fetched.
        """
        ...

    async def announce(self, job: Document) -> None:
        """Put a job's state on the bus."""
        ...


class Jobs:
    """The jobs of one sort.

    Args:
        records: Where they are kept.
        quota: The name of the limit of how many may be in progress.
        worker: Does them.
        grace: Seconds that a container has to end by itself.
    """

    def __init__(self, records: Records, quota: str, worker: Worker, grace: float = GRACE) -> None:
        self.records = records
        self._quota = quota
        self._worker = worker
        worker.jobs = self
        self._grace = grace
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._working: dict[str, asyncio.Task[None]] = {}
        self._containers: dict[str, Container] = {}
        self._watchers: dict[str, list[asyncio.Future[None]]] = {}

    async def start(self) -> None:
        """Go on with the jobs that an earlier process accepted; the records are loaded."""
        for job in self.records:
            if not has_ended(job):
                self._begin(job)
            elif not job["announced"]:
                await self._tell(job)

    async def suspend(self) -> None:
        """End the work; it begins anew with the next process."""
        working = list(self._working.values())
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def accept(self, name: str, **members: Any) -> Document:
        """Take a job in; when this returns, it will survive.

        Raises:
            ServiceError: Too many are in progress.
        """
        busy = sum(not has_ended(job) for job in self.records)
        if busy >= CONCURRENT:
            raise limit_exceeded(self._quota, CONCURRENT, busy)
        job = self.records.add(
            name, status="InProgress", secondary="Starting", announced=False, **members
        )
        job["transitions"] = [{"Status": "Starting", "StartTime": job["created"]}]
        self.records.save(job)
        self._begin(job)
        return job

    async def stop(self, job: Document, sort: str) -> None:
        """Have a job stop, as its owner asks.

        Raises:
            ServiceError: It has ended.
        """
        if has_ended(job):
            raise invalid(
                f"The request was rejected because the {sort} job is in status {job['status']}."
            )
        await self.end(job)

    async def end(self, job: Document) -> None:
        """Have a job stop, unless it has ended; it will be `Stopped` when that is done."""
        if has_ended(job):
            return
        await self.enter(job, "Stopping", status="Stopping")
        container = self._containers.get(job["name"])
        if container is not None:
            container.signal(signal.SIGTERM)
            asyncio.get_running_loop().call_later(self._grace, container.signal, signal.SIGKILL)

    async def enter(self, job: Document, secondary: str, **members: Any) -> None:
        """Note that a job has come to a stage."""
        at = now()
        job["transitions"][-1]["EndTime"] = at
        job["transitions"].append({"Status": secondary, "StartTime": at})
        self.records.change(job, secondary=secondary, **members)
        await self._worker.announce(job)

    def ended(self, name: str) -> asyncio.Future[None]:
        """Done when a job has ended, or is not there any more."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        job = self.records.get(name)
        if job is None or has_ended(job):
            future.set_result(None)
        else:
            self._watchers.setdefault(name, []).append(future)
        return future

    async def run(self, job: Document, container: Container, seconds: float) -> int:
        """Run a job's container to its end; its exit code, or -9 if it had to be killed.

        Args:
            job: Whose it is.
            container: Not yet started.
            seconds: That it may take; then it is told to stop, and the job with it.
        """
        if job["status"] == "Stopping":
            return -signal.SIGTERM
        await container.start()
        self._containers[job["name"]] = container
        watch = asyncio.create_task(self._time_out(job, seconds))
        try:
            return await container.wait()
        except asyncio.CancelledError:
            await asyncio.shield(container.kill())
            raise
        finally:
            watch.cancel()
            self._containers.pop(job["name"], None)

    # --- Work -----------------------------------------------------------------------------------

    def _begin(self, job: Document) -> None:
        task = asyncio.create_task(self._work_to_its_end(job), name=job["arn"])
        self._working[job["name"]] = task
        task.add_done_callback(lambda _: self._working.pop(job["name"], None))

    async def _work_to_its_end(self, job: Document) -> None:
        async with self._turns:
            reason = None
            try:
                if job["status"] != "Stopping":
                    await self._worker.work(job)
            except (JobFailedError, DownloadError) as error:
                reason = str(error)
            except Exception as error:
                # A bug of ours ends this job, and says so; the others go on.
                _log.exception("The job %s failed", job["arn"])
                reason = f"InternalServerError: {type(error).__name__}: {error}"
        status = "Failed" if reason else "Completed"
        if job["status"] == "Stopping":
            status, reason = "Stopped", None
        last = job.get("last") or status
        at = now()
        job["transitions"][-1]["EndTime"] = at
        job["transitions"].append({"Status": last, "StartTime": at, "EndTime": at})
        self.records.change(
            job,
            status=status,
            secondary=last,
            reason=reason[:REASON] if reason else None,
            ended=at,
        )
        for future in self._watchers.pop(job["name"], []):
            if not future.done():
                future.set_result(None)
        await self._tell(job)

    async def _tell(self, job: Document) -> None:
        await self._worker.announce(job)
        # After the event: an end of the process in between tells it twice, and never not at all.
        job["announced"] = True
        self.records.save(job)

    async def _time_out(self, job: Document, seconds: float) -> None:
        await asyncio.sleep(seconds)
        job["last"] = "MaxRuntimeExceeded"
        with contextlib.suppress(Exception):
            await self.end(job)


def has_ended(job: Document) -> bool:
    """Whether nothing will change a job any more."""
    return job["status"] in ("Completed", "Failed", "Stopped")


def head(job: Document, sort: str, at: Callable[[str], Any] = moment) -> dict[str, Any]:
    """What is told of a job of whatever sort: its name, how it stands, its times, why it failed.

    Args:
        job: Whose.
        sort: `Training`, `Processing` or `Transform`: the members' names begin so.
        at: How times are written; the events of each sort have a way of their own.
    """
    told = {
        f"{sort}JobName": job["name"],
        f"{sort}JobArn": job["arn"],
        f"{sort}JobStatus": job["status"],
        "CreationTime": at(job["created"]),
    }
    for member, kept in ((f"{sort}StartTime", "started"), (f"{sort}EndTime", "ended")):
        if job.get(kept):
            told[member] = at(job[kept])
    return {**told, "FailureReason": job["reason"]} if job.get("reason") else told


def summary(job: Document, sort: str) -> dict[str, Any]:
    """What a list says of a processing or transform job."""
    told = {**head(job, sort), "LastModifiedTime": moment(job["modified"])}
    told.pop(f"{sort}StartTime", None)
    return told


def picked(request: Document, names: Iterable[str]) -> dict[str, Any]:
    """Those members of a request that its description gives back."""
    return {name: request[name] for name in names if name in request}
