"""What a job tells of its video, and which videos are refused."""

from __future__ import annotations

from typing import Any

from windfall_local.engines.video import VideoInfo
from windfall_local.services.rekognition.video.jobs import JobFailedError

CODECS = {"h264": "H.264"}
FORMATS = {"mp4": "QuickTime / MOV", "m4a": "QuickTime / MOV"}
"""Rekognition takes H.264 in MP4 and MOV, and calls both what FFmpeg calls them."""
LONGEST = 6 * 3600.0
"""Seconds. Rekognition developer guide, "Guidelines and quotas"."""


def check_video(info: VideoInfo) -> None:
    """Refuse a video that Rekognition does not take.

    Raises:
        JobFailedError: With Rekognition's words first, and then what is wrong.
    """
    if info.codec is None:
        raise JobFailedError("Unsupported codec/format. The file has no video track.")
    if info.format not in FORMATS:
        raise JobFailedError(
            f"Unsupported codec/format. The file is {info.format}; MP4 and MOV are taken."
        )
    if info.codec not in CODECS:
        raise JobFailedError(
            f"Unsupported codec/format. The video is {info.codec}; H.264 is taken."
        )
    if info.seconds > LONGEST:
        raise JobFailedError(
            f"The video has {info.seconds:,.0f} seconds of at most {LONGEST:,.0f}."
        )


def shapes_of(info: VideoInfo) -> dict[str, Any]:
    """`VideoMetadata` as `video`, and a list of `AudioMetadata` as `sounds`."""
    video = {
        "Codec": info.codec,
        "DurationMillis": int(info.seconds * 1000),
        "Format": FORMATS[info.format],
        "FrameRate": info.rate,
        "FrameHeight": info.height,
        "FrameWidth": info.width,
        "ColorRange": "FULL" if info.full_range else "LIMITED",
    }
    sounds = [
        {
            "Codec": sound.codec,
            "DurationMillis": int(sound.seconds * 1000),
            "SampleRate": sound.rate,
            "NumberOfChannels": sound.channels,
        }
        for sound in info.sounds
    ]
    return {"video": video, "sounds": sounds}
