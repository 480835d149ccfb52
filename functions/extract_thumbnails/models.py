"""What the task is given."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, OutputLocation, S3Pointer


class ExtractThumbnailsTask(Contract):
    """A video to keep pictures of.

    Attributes:
        format: What the file is by its bytes: `mp4`, `webm`, …
        segments: The shots that were found; null when they were not looked for.
    """

    source: S3Pointer
    format: str
    output: OutputLocation
    segments: S3Pointer | None = None
    seconds: float | None = Field(default=None, ge=0)
