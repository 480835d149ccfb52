"""What the task is given."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, OutputLocation
from windfall.contracts.features import VideoFeature
from windfall.contracts.video import PictureFacts


class CollectVideoFeatureTask(Contract):
    """A job of Rekognition's that has succeeded.

    Attributes:
        job: What Rekognition calls it; null when an earlier attempt has collected it.
        seconds: How long the video is, by its file; null where that does not tell.
        pictures: What is known of the file's pictures.
    """

    job: str | None
    feature: VideoFeature
    output: OutputLocation
    seconds: float | None = Field(default=None, ge=0)
    pictures: PictureFacts
