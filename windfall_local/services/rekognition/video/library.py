"""Every kind of job begun, worked on and told of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from windfall_local.api import (
    CallContext,
    Cloud,
    ServiceError,
    UnsupportedOperationError,
)
from windfall_local.engines import (
    EngineDiedError,
    EngineUnavailableError,
    InvalidMediaError,
    UnsupportedFeatureError,
)
from windfall_local.engines.video import VIDEO, VideoInfo
from windfall_local.services.job_folders import now
from windfall_local.services.rekognition.video.analyses import Analysis, Answer, Film
from windfall_local.services.rekognition.video.films import Films, find_video
from windfall_local.services.rekognition.video.jobs import (
    JobFailedError,
    VideoJob,
    VideoJobs,
)
from windfall_local.services.rekognition.video.metadata import check_video, shapes_of
from windfall_local.services.rekognition.video.notices import tell
from windfall_local.services.rekognition.video.pages import page
from windfall_local.services.rekognition.video.requests import check_start
from windfall_local.services.rekognition.vision import Host

CONCURRENT = 20
"""Jobs in progress, of all kinds together. AWS general reference, Rekognition's quotas."""
_WORKED_ON = 4
"""Jobs that take turns at the engine; the others are in progress for the caller only."""
_ATTEMPTS = 3
"""How often a job is tried when the engine's process dies of it."""

_log = logging.getLogger(__name__)


class VideoLibrary:
    """The jobs of one cloud, and whoever works on them.

    Args:
        cloud: Has the videos and the topics.
        host: Runs the engine.
        analyses: What can be looked for.
        locate: Where a model lies; raises EngineUnavailableError when it is missing.
    """

    def __init__(
        self,
        cloud: Cloud,
        host: Host,
        analyses: list[Analysis],
        locate: Callable[[str], Path],
    ) -> None:
        self._locate = locate
        self._cloud = cloud
        self._host = host
        self._analyses = {analysis.start: analysis for analysis in analyses}
        folder = cloud.data_dir / "rekognition-video"
        self._jobs = VideoJobs(folder / "jobs")
        self._films = Films(folder / "films", cloud)
        self._turns = asyncio.Semaphore(_WORKED_ON)
        self._working: dict[str, asyncio.Task[None]] = {}

    # --- Life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Go on with the jobs that an earlier process accepted, and tell of ends it did not."""
        self._jobs.load()
        self._tidy()
        for job in reversed(list(self._jobs)):
            if not job.has_ended:
                self._work_on(job)
            elif not job.told:
                await self._tell(job)

    async def stop(self) -> None:
        """End the work; what is done of it is kept."""
        working = list(self._working.values())
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    # --- Operations -----------------------------------------------------------------------------

    async def begin(self, start: str, parameters: Answer, context: CallContext) -> Answer:
        """Answer a Start…: accept a job, or name the one that the token stands for."""
        analysis = self._analyses[start]
        check_start(parameters, self._cloud.region)
        analysis.check(parameters)
        known = self._jobs.known(start, parameters)
        if known is not None:
            return {"JobId": known.job_id}
        self._check_models(analysis)
        source = await find_video(self._cloud, parameters["Video"], context.principal)
        # From here on nothing is awaited: a token gets one job, and the limit holds.
        known = self._jobs.known(start, parameters)
        if known is not None:
            return {"JobId": known.job_id}
        if sum(not job.has_ended for job in self._jobs) >= CONCURRENT:
            raise ServiceError(
                "LimitExceededException",
                f"You have {CONCURRENT} video analysis jobs in progress, and that is the limit.",
            )
        job = self._jobs.accept(start, parameters, context.principal, source)
        self._work_on(job)
        return {"JobId": job.job_id}

    async def get(self, start: str, parameters: Answer) -> Answer:
        """Answer the Get… of a Start…: where a job stands, and a page of what it found."""
        analysis = self._analyses[start]
        job = self._jobs.find(start, str(parameters["JobId"]))
        answer: Answer = {
            "JobId": job.job_id,
            "JobStatus": job.status,
            "Video": job.request["Video"],
            **analysis.metadata(job.found),
            **analysis.more(job.request, parameters),
        }
        if job.request.get("JobTag"):
            answer["JobTag"] = job.request["JobTag"]
        if job.reason:
            answer["StatusMessage"] = job.reason
        name, order = analysis.view(parameters)
        if job.status != "SUCCEEDED":
            return {**answer, analysis.root: []}
        folder = self._jobs.folder(job)
        items, token = await asyncio.to_thread(page, folder, job.job_id, name, order, parameters)
        return {**answer, analysis.root: items, **token}

    def _check_models(self, analysis: Analysis) -> None:
        """Refuse what no model is there for, before a job is made of it."""
        try:
            for name in analysis.models:
                self._locate(name)
        except EngineUnavailableError as error:
            raise UnsupportedOperationError(str(error)) from error

    # --- Work -----------------------------------------------------------------------------------

    def _work_on(self, job: VideoJob) -> None:
        task = asyncio.create_task(self._work(job), name=f"rekognition {job.job_id[:8]}")
        self._working[job.job_id] = task
        task.add_done_callback(lambda _: self._working.pop(job.job_id, None))

    async def _work(self, job: VideoJob) -> None:
        async with self._turns:
            try:
                await self._analyze(job)
                job.status = "SUCCEEDED"
            except JobFailedError as error:
                job.status, job.reason = "FAILED", str(error)
            except Exception as error:
                # A bug of ours ends this job, and says so; the others go on.
                _log.exception("The video job %s failed", job.job_id)
                job.status, job.reason = "FAILED", f"Internal failure: {type(error).__name__}"
        job.ended = now()
        self._jobs.save(job)
        self._tidy()
        await self._tell(job)

    def _tidy(self) -> None:
        self._films.tidy(job for job in self._jobs if not job.has_ended)

    async def _analyze(self, job: VideoJob) -> None:
        analysis = self._analyses[job.start]
        folder = self._jobs.folder(job)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                path = await self._films.fetch(job)
                info: VideoInfo = await self._host.run(VIDEO, "probe", path)
                check_video(info)
                job.found = shapes_of(info)
                await analysis.work(job, Film(self._host, path, info), folder)
            except InvalidMediaError as error:
                raise JobFailedError(f"Unsupported codec/format. {error}") from error
            except (EngineUnavailableError, UnsupportedFeatureError) as error:
                raise JobFailedError(str(error)) from error
            except ServiceError as error:
                raise JobFailedError(error.message) from error
            except EngineDiedError as error:
                if attempt == _ATTEMPTS:
                    raise JobFailedError(str(error)) from error
            else:
                return

    async def _tell(self, job: VideoJob) -> None:
        await tell(self._cloud, job)
        # After the message: an end of the process in between tells it twice, and never not at all.
        job.told = True
        self._jobs.save(job)
