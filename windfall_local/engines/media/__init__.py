"""Sound out of media files.

    formats  what a file is, by its first bytes
    opening  a file, opened as what it is
    engine   `MediaEngine`: what is in a file, and its sound as plain samples

PyAV carries FFmpeg. FFmpeg reads what strangers send, so it lives in a process of its own, is told
which format to read and may open nothing but the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["MEDIA", "RATE", "Decoded", "MediaEngine", "MediaInfo"]

MEDIA = "windfall_local.engines.media.engine:AvMediaEngine"
"""What `EngineHost.run` calls it."""

RATE = 16_000
"""Samples a second of decoded sound; each is a signed 16-bit number, in the machine's order."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file says of itself.

    Attributes:
        format: `mp3`, `mp4`, `wav`, `flac`, `ogg`, `amr`, `webm` or `m4a`, by its bytes.
        codec: Of its first sound track, as FFmpeg names it; None without one.
        channels: Of that track.
        rate: Samples a second of that track.
        seconds: As the file declares it; None when it doesn't.
    """

    format: str
    codec: str | None
    channels: int
    rate: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Decoded:
    """Sound as plain samples.

    Attributes:
        files: One for each channel, or a single one with all mixed.
        seconds: How long it is, by its samples.
    """

    files: list[Path]
    seconds: float


class MediaEngine(Protocol):
    """Reads media files."""

    def probe(self, path: Path) -> MediaInfo:
        """What is in a file.

        Raises:
            InvalidMediaError: It can't be read.
        """
        ...

    def decode(self, path: Path, folder: Path, apart: bool, longest: float) -> Decoded:
        """Write a file's sound as plain samples, at `RATE`.

        Args:
            path: The file.
            folder: Gets `ch_0.pcm` and so on.
            apart: Whether every channel becomes a file; otherwise they are mixed into one.
            longest: Seconds from which the sound is refused.

        Raises:
            InvalidMediaError: There is no sound in it, it can't be read, or it is too long.
        """
        ...
