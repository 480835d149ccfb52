"""Amazon Rekognition on stored videos: jobs that are started, end, and are read page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from windfall.ports.jobs import JobService

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.features import PlannedVideoFeature, VideoFeature


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """A feature to find in a video.

    Attributes:
        name: Of the job; it ends with a dot and the feature.
    """

    name: str
    source: S3Pointer
    feature: PlannedVideoFeature


class VideoAnalysis(JobService, Protocol):
    """Amazon Rekognition."""

    def submit(self, request: VideoRequest) -> str:
        """Start a job, or find the one that was started with this very request; its handle.

        Raises:
            InvalidInputError: Rekognition does not take the video or the settings.
            UnsupportedError: It can not do that, here or at all.
            TransientError: It is busy.
            QuotaExceededError: Too many jobs run.
        """
        ...

    def page(self, feature: VideoFeature, handle: str, token: str | None) -> dict[str, Any]:
        """A page of a job's raw answer, in order of time; its `NextToken` leads to the next one.

        Raises:
            InvalidInputError: The token is too old.
            NotFoundError: The job is not there any more.
            TransientError: It is busy.
        """
        ...
