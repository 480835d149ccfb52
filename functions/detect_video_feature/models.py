"""What detect_video_feature is given, and its environment."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, HexId, OutputLocation, S3Pointer
from windfall.contracts.features import PlannedVideoFeature
from windfall.settings import EnvironmentSettings


class DetectVideoFeatureTask(Contract):
    """One feature to find in one video, and the token of the task that waits for it.

    Attributes:
        seconds: How long the video is; null where the file does not tell.
    """

    token: str = Field(min_length=1)
    analysis_id: HexId
    attempt: int = Field(ge=1)
    source: S3Pointer
    output: OutputLocation
    feature: PlannedVideoFeature
    seconds: float | None = Field(default=None, ge=0)


class Settings(EnvironmentSettings):
    """The environment of detect_video_feature."""

    results_bucket: str
    insights_table: str
    jobs_topic_arn: str
    notify_jobs_role_arn: str
