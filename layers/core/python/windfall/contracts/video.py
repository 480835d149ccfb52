"""What is known of a video's pictures, and what to do with them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.features import PlannedVideoFeature


class VideoPlan(Contract):
    """What to do with the pictures of a video.

    Attributes:
        thumbnails: Keep a picture of each shot.
    """

    features: list[PlannedVideoFeature] = Field(default_factory=list)
    thumbnails: bool = True


class PictureFacts(Contract):
    """What admission found out about a video's pictures; null where the file does not tell.

    Attributes:
        codec: As FFmpeg names it: `h264`, `hevc`, `vp9`, …
        width: Pixels as they are stored, so before they are turned, as is `height`.
        rotation: Degrees by which a player turns the pictures clockwise.
        frame_rate: Frames a second on average.
        variable: Frames come at more than one distance.
        convert: Rekognition does not take the pictures as they lie in the file.
    """

    codec: str | None = None
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    rotation: Literal[0, 90, 180, 270] = 0
    frame_rate: float | None = Field(default=None, gt=0)
    variable: bool = False
    convert: bool = False
