"""Speech synthesis tasks: texts that are spoken into S3 as their caller, and told of by SNS.

What is spoken takes a minute at most, so a task that was under way when the process ended is
spoken anew, into the same object.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.services.job_folders import JobFolders, now
from windfall_local.services.polly import request as requests
from windfall_local.services.polly.speaking import Speaking
from windfall_local.services.polly.task import Task, notice

KEPT = timedelta(hours=72)
"""How long AWS knows a task (API reference, StartSpeechSynthesisTask)."""

_MOST_LISTED = 100
_ATTEMPTS = 3
"""How often a task is tried when the engine's process dies of it."""

_PART = 8 * 1024**2
"""Bytes that are written at once."""

_log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one cloud, and the work on them.

    Args:
        cloud: Has the buckets and topics.
        speaking: Speaks.
        folder: Where tasks are kept.
    """

    def __init__(self, cloud: Cloud, speaking: Speaking, folder: Path) -> None:
        self._cloud = cloud
        self._speaking = speaking
        self._tasks = JobFolders(folder, Task, KEPT)
        self._turn = asyncio.Semaphore(1)
        self._working: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Go on with what an earlier process accepted."""
        self._tasks.load()
        for task in reversed(list(self._tasks)):
            if not task.has_ended:
                self._work_on(task)
            elif not task.announced:
                await self._announce(task)

    async def stop(self) -> None:
        """End the work."""
        for work in self._working:
            work.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    def accept(self, request: dict[str, Any], principal: Principal, billed: int) -> Task:
        """Take a task on; it is spoken when those before it are."""
        task = Task(
            number=self._tasks.next_number,
            name=str(uuid4()),
            request=request,
            caller=asdict(principal),
            status="scheduled",
            created=now(),
            billed=billed,
        )
        self._tasks.add(task)
        self._work_on(task)
        return task

    def find(self, name: str) -> Task:
        """The task of an id.

        Raises:
            ServiceError: There is none, or it is no id.
        """
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", name):
            raise ServiceError("InvalidTaskIdException", "The provided Task ID is not valid.")
        task = self._tasks.get(name)
        if task is None:
            raise ServiceError(
                "SynthesisTaskNotFoundException", "The Speech Synthesis task cannot be found."
            )
        return task

    def page(
        self, status: str | None, size: int | None, token: str | None
    ) -> tuple[list[Task], str | None]:
        """A page of the tasks, the latest first, and the token of the next one.

        Raises:
            ServiceError: The token is none.
        """
        listed = [task for task in self._tasks if status in (None, task.status)]
        begin = 0
        if token:
            # The task that begins the page: new tasks do not move it.
            begin = next((n for n, task in enumerate(listed) if task.name == token), -1)
        if begin < 0:
            raise ServiceError("InvalidNextTokenException", "The NextToken is invalid")
        end = begin + (size or _MOST_LISTED)
        return listed[begin:end], listed[end].name if end < len(listed) else None

    # --- Work -----------------------------------------------------------------------------------

    def _work_on(self, task: Task) -> None:
        work = asyncio.create_task(self._work(task), name=f"polly {task.name}")
        self._working.add(work)
        work.add_done_callback(self._working.discard)

    async def _work(self, task: Task) -> None:
        async with self._turn:
            task.status = "inProgress"
            self._tasks.save(task)
            try:
                await self._speak(task)
                task.status = "completed"
            except ServiceError as error:
                task.status, task.reason = "failed", error.message
            except Exception as error:
                # A bug of ours ends this task, and says so; the others go on.
                _log.exception("The speech synthesis task %s failed", task.name)
                task.status, task.reason = "failed", f"Internal failure: {type(error).__name__}"
        self._tasks.save(task)
        await self._announce(task)

    async def _speak(self, task: Task) -> None:
        order = requests.read_order(task.request, requests.TASK)
        path = self._tasks.folder(task) / "speech"
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._speaking.narrate(order, path)
                break
            except ServiceError as error:
                if error.code != "ServiceFailureException" or attempt == _ATTEMPTS:
                    raise
        try:
            await self._put(task, path, requests.CONTENT_TYPES[order.output])
        except ServiceError as error:
            raise ServiceError(
                error.code,
                f"Error occurred while trying to upload file to S3. ({error.code}: "
                f"{error.message})",
            ) from error
        path.unlink()

    async def _put(self, task: Task, path: Path, media_type: str) -> None:
        """Write a file, in parts when it is large: it is not held in memory."""
        place = {"Bucket": task.bucket, "Key": task.key}
        kind = {"ContentType": media_type}
        if path.stat().st_size <= _PART:
            await self._s3(task, "PutObject", {**place, **kind, "Body": path.read_bytes()})
            return
        upload = await self._s3(task, "CreateMultipartUpload", {**place, **kind})
        part = {**place, "UploadId": upload["UploadId"]}
        parts: list[dict[str, Any]] = []
        with path.open("rb") as file:
            while body := await asyncio.to_thread(file.read, _PART):
                number = len(parts) + 1
                asked = {**part, "PartNumber": number, "Body": body}
                answer = await self._s3(task, "UploadPart", asked)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        whole = {**part, "MultipartUpload": {"Parts": parts}}
        await self._s3(task, "CompleteMultipartUpload", whole)

    async def _s3(self, task: Task, operation: str, parameters: dict[str, Any]) -> Any:
        return await self._cloud.call("s3", operation, parameters, task.principal)

    async def _announce(self, task: Task) -> None:
        topic = task.request.get("SnsTopicArn")
        if topic:
            try:
                await self._cloud.call(
                    "sns", "Publish", {"TopicArn": topic, **notice(task)}, task.principal
                )
            except ServiceError as error:
                # As on AWS, the task ended none the less; nobody but the log can be told.
                _log.warning("SNS was not told of the task %s: %s", task.name, error.message)
        # After the message: an end of the process in between tells it twice, never not at all.
        task.announced = True
        self._tasks.save(task)
