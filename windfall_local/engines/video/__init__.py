"""What is in a video: its frames at a steady rate, its shots, its black and its bars.

    frames      the frames on screen at given times, of what must be decoded for them
    places      where methods are in videos, from one span to the next
    signatures  every frame as a few numbers, for shots
    shots       where shots begin and end, by these numbers: cuts · fades · dissolves
    stretches   frames from one to another
    distances   how much frames differ
    tracks      the same thing in one sample and the next
    engine      `VideoEngine`: looks at frames with the models of `engines.vision`

Times are seconds from the first frame, by presentation timestamps: a variable frame rate needs no
care. Frames are upright: a phone's rotation is undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from windfall_local.engines.vision.results import Face, FaceDetail, Line, Thing

__all__ = ["VIDEO", "Looked", "SoundTrack", "Span", "VideoEngine", "VideoInfo"]

VIDEO = "windfall_local.engines.video.engine:AvVideoEngine"
"""What `EngineHost.run` calls it."""

Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """A sound track of a video.

    Attributes:
        codec: As FFmpeg names it.
        channels: How many.
        rate: Samples a second.
        seconds: As the file declares it; 0 when it doesn't.
    """

    codec: str
    channels: int
    rate: int
    seconds: float


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a file says of itself.

    Attributes:
        format: By its bytes, as `engines.media` names it.
        codec: Of its picture, as FFmpeg names it; None without one.
        width: Upright, in pixels.
        height: Upright, in pixels.
        rate: Frames a second, in the mean.
        seconds: As the file declares it.
        full_range: Whether luma goes from 0 to 255 and not from 16 to 235.
        sounds: Its sound tracks.
    """

    format: str
    codec: str | None
    width: int
    height: int
    rate: float
    seconds: float
    full_range: bool
    sounds: tuple[SoundTrack, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Samples of a video: the frame on screen at `first * every` seconds, and so on.

    Attributes:
        first: Number of the first sample, from 0.
        count: How many at most.
        every: Seconds from one to the next.
    """

    first: int
    count: int
    every: float


@dataclass(frozen=True, slots=True)
class Looked(Generic[Seen]):
    """What was seen in a span.

    Attributes:
        samples: For each sample its time in seconds and what was seen.
        ended: Whether the video has no further samples.
    """

    samples: list[tuple[float, list[Seen]]]
    ended: bool


class VideoEngine(Protocol):
    """Looks at videos in files, a span at a time.

    Every method raises `InvalidMediaError` for a video that can't be read and
    `EngineUnavailableError` where model files are missing.
    """

    def probe(self, path: Path) -> VideoInfo:
        """What is in a file."""
        ...

    def things(self, path: Path, span: Span, min_score: float) -> Looked[Thing]:
        """Objects that score at least so much."""
        ...

    def faces(self, path: Path, span: Span, detail: FaceDetail) -> Looked[Face]:
        """Faces, the largest first."""
        ...

    def text(self, path: Path, span: Span) -> Looked[Line]:
        """Lines of text, in reading order."""
        ...

    def sign(self, path: Path, after: float | None, count: int, black: float) -> Any:
        """Signatures of the next frames, at most so many; fewer than asked for at the end.

        Args:
            path: The file.
            after: Time of the last frame that is signed already.
            count: How many frames.
            black: The part of the luma range up to which a pixel is black.

        Returns:
            A NumPy array of `signatures.SIGNATURE`.
        """
        ...

    def loudness(self, path: Path, begin: float, end: float) -> float:
        """The loudest of the sound between two times, from 0 to 1; 0 without sound."""
        ...
