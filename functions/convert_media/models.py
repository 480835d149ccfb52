"""What the task is given and what it answers."""

from __future__ import annotations

from typing import Literal

from windfall.contracts.base import Contract, OutputLocation, S3Pointer

Track = Literal["sound", "pictures"]


class ConvertMediaTask(Contract):
    """The track of a media file to make a working copy of.

    Attributes:
        format: What the file is by its bytes: `mkv`, `aiff`, …
    """

    source: S3Pointer
    format: str
    output: OutputLocation
    track: Track


class Converted(Contract):
    """A working copy that Transcribe or Rekognition takes, and how long it is."""

    source: S3Pointer
    format: Literal["flac", "mp4"]
    seconds: float
