"""Begins to find one feature of a video and leaves; its end is told by resume_job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from windfall import identity
from windfall.checkpoints import Checkpoints
from windfall.contracts.jobs import Completion, JobId
from windfall.ports.video_analysis import VideoRequest

if TYPE_CHECKING:
    from detect_video_feature.models import DetectVideoFeatureTask
    from windfall.ports.storage import ObjectStore
    from windfall.ports.video_analysis import VideoAnalysis
    from windfall.rendezvous import Rendezvous

_LEAST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class VideoFeatureDetector:
    """Begins to look at videos.

    Attributes:
        bucket: The results bucket. Its name is unlike any other stack's, so it makes the names of
            jobs this stack's own.
    """

    analysis: VideoAnalysis
    rendezvous: Rendezvous
    store: ObjectStore
    bucket: str

    def begin(self, task: DetectVideoFeatureTask) -> str:
        """Start the job, if it is not there yet, and park the token.

        What an earlier attempt of the analysis has finished is told at once, and not bought again;
        a job of one that runs still is waited for.

        Raises:
            InvalidInputError: Rekognition does not take the video or the settings.
            UnsupportedError: It can not do that here.
            TransientError: Try again; the job that is there is found.
            QuotaExceededError: Too many jobs run, though there was a slot; try again later.
        """
        feature = task.feature.feature
        if Checkpoints(self.store, task.output, feature).finished() is not None:
            self.rendezvous.tokens.tell(task.token, Completion(result={"job": None}))
            return "finished before"
        running = self.rendezvous.running(
            JobId("rekognition", self._name(task, attempt))
            for attempt in identity.attempts_before(task.attempt)
        )
        name = self._name(task, task.attempt) if running is None else running.name
        request = VideoRequest(name, task.source, task.feature)
        return self.rendezvous.submit(
            JobId("rekognition", request.name),
            task.token,
            lambda: self.analysis.submit(request),
            expected=_LEAST_WAIT + timedelta(seconds=task.seconds or 0),
            owner=identity.execution_name(task.analysis_id, task.attempt),
        )

    def _name(self, task: DetectVideoFeatureTask, attempt: int) -> str:
        execution = identity.execution_name(task.analysis_id, attempt)
        return f"{self.bucket}-{execution}.{task.feature.feature}"
