"""Jobs of any sort: accepted, done in turns, stopped, told of."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from windfall_local.api import ServiceError
from windfall_local.services.sagemaker.channels import DownloadError
from windfall_local.services.sagemaker.jobs import (
    AT_A_TIME,
    CONCURRENT,
    JobFailedError,
    Jobs,
    has_ended,
)
from windfall_local.services.sagemaker.records import Document, Records


class FakeWorker:
    """Works until the gate is open, and remembers what it told."""

    jobs: Jobs

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.busy = self.most = 0
        self.error: Exception | None = None
        self.told: list[tuple[str, str]] = []

    async def work(self, job: Document) -> None:
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await self.gate.wait()
        finally:
            self.busy -= 1
        if self.error is not None:
            raise self.error

    async def announce(self, job: Document) -> None:
        self.told.append((job["name"], job["status"]))


class Scene:
    """Jobs that lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self.worker = FakeWorker()
        self.records = Records(folder)
        self.records.load()
        self.jobs = Jobs(self.records, "jobs of the test", self.worker)

    async def accept(self, name: str) -> Document:
        return await self.jobs.accept(name, request={}, arn=f"arn:{name}")

    async def until(self, busy: int) -> None:
        """Wait until so many are worked on."""
        while self.worker.busy < busy:
            await asyncio.sleep(0)

    async def end(self, name: str) -> Document:
        await asyncio.wait_for(self.jobs.ended(name), 100)
        job = self.records.get(name)
        assert job is not None
        while not job["announced"]:
            await asyncio.sleep(0)
        return job


@pytest.fixture
async def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_a_few_are_worked_on_and_a_quota_may_be_in_progress(scene: Scene) -> None:
    for number in range(CONCURRENT):
        await scene.accept(f"j{number}")
    with pytest.raises(ServiceError, match="jobs of the test") as caught:
        await scene.accept("more")
    assert caught.value.code == "ResourceLimitExceeded"
    await scene.until(AT_A_TIME)
    scene.worker.gate.set()
    for number in range(CONCURRENT):
        assert (await scene.end(f"j{number}"))["status"] == "Completed"
    assert scene.worker.most == AT_A_TIME
    assert sorted(scene.worker.told) == sorted((f"j{n}", "Completed") for n in range(CONCURRENT))
    await scene.accept("more")
    await scene.end("more")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (JobFailedError("ClientError: no"), "ClientError: no"),
        (DownloadError("no data"), "no data"),
        (ZeroDivisionError("a bug"), "InternalServerError: ZeroDivisionError: a bug"),
        (JobFailedError("x" * 5000), "x" * 1024),
    ],
)
async def test_a_job_that_fails_says_why(scene: Scene, error: Exception, reason: str) -> None:
    scene.worker.error = error
    scene.worker.gate.set()
    await scene.accept("job")
    job = await scene.end("job")
    assert (job["status"], job["reason"]) == ("Failed", reason)
    assert [one["Status"] for one in job["transitions"]] == ["Starting", "Failed"]
    assert all("EndTime" in one for one in job["transitions"])


async def test_a_job_that_is_stopped_before_its_turn_does_nothing(scene: Scene) -> None:
    for number in range(AT_A_TIME):
        await scene.accept(f"j{number}")
    waiting = await scene.accept("waiting")
    await scene.jobs.end(waiting)
    assert waiting["status"] == "Stopping"
    scene.worker.gate.set()
    job = await scene.end("waiting")
    assert job["status"] == "Stopped"
    assert ("waiting", "Stopping") in scene.worker.told
    await scene.jobs.end(job)
    assert job["status"] == "Stopped", "what has ended is not stopped again"


async def test_jobs_go_on_in_the_next_process_and_ends_that_nobody_heard_of_are_told(
    tmp_path: Path,
) -> None:
    first = Scene(tmp_path)
    await first.accept("under way")
    ended = first.records.add(
        "ended", status="Completed", announced=False, arn="arn:ended", request={}, transitions=[{}]
    )
    assert has_ended(ended)
    await first.until(1)
    await first.jobs.suspend()
    assert first.worker.told == []

    second = Scene(tmp_path)
    second.worker.gate.set()
    await second.jobs.start()
    assert (await second.end("under way"))["status"] == "Completed"
    assert sorted(second.worker.told) == [("ended", "Completed"), ("under way", "Completed")]
    assert (await second.end("ended"))["announced"]


async def test_nobody_waits_for_a_job_that_is_not_there(scene: Scene) -> None:
    assert scene.jobs.ended("none").done()
