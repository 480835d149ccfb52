"""A video engine with answers that a test gives, and its host."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from windfall_local.engines.video import Looked, SoundTrack, Span, VideoEngine, VideoInfo
from windfall_local.engines.video.signatures import SIGNATURE
from windfall_local.engines.vision.results import Face, FaceDetail, Line, Thing

RATE = 25.0
Seen = TypeVar("Seen")


class FakeVideoEngine:
    """Sees what it is told to see.

    Args:
        seconds: How long every video is.
        seen: What is seen from each of these times on, of whatever kind is looked for.
        levels: The brightness of each frame, for shots.
    """

    def __init__(
        self,
        seconds: float = 3.0,
        seen: dict[float, list[Any]] | None = None,
        levels: Sequence[int] = (),
    ) -> None:
        self.info = VideoInfo("mp4", "h264", 640, 360, RATE, seconds, False, ())
        self.seen = seen or {}
        self.levels = levels
        self.loud = 0.0
        self.errors: dict[str, Exception] = {}
        self.spans: list[Span] = []
        self.paths: set[Path] = set()
        self.contents: set[bytes] = set()

    def probe(self, path: Path) -> VideoInfo:
        """The info that the test gave."""
        self.paths.add(path)
        self.contents.add(path.read_bytes())
        return self.info

    def things(self, path: Path, span: Span, min_score: float) -> Looked[Thing]:
        """What is seen, if it scores enough."""
        looked: Looked[Thing] = self._look(span)
        kept = [
            (at, [one for one in seen if one.score >= min_score]) for at, seen in looked.samples
        ]
        return Looked(kept, looked.ended)

    def faces(self, path: Path, span: Span, detail: FaceDetail) -> Looked[Face]:
        """What is seen."""
        return self._look(span)

    def text(self, path: Path, span: Span) -> Looked[Line]:
        """What is seen."""
        return self._look(span)

    def sign(self, path: Path, after: float | None, count: int, black: float) -> Any:
        """Flat frames of the levels that the test gave."""
        first = 0 if after is None else round(after * RATE) + 1
        levels = list(self.levels)[first : first + count]
        signed: Any = np.zeros(len(levels), SIGNATURE)
        signed["at"] = (np.arange(len(levels)) + first) / RATE
        signed["luma"] = np.array(levels, np.uint8)[:, None, None] if levels else 0
        signed["black"] = [level <= 16 + 219 * black for level in levels]
        return signed

    def loudness(self, path: Path, begin: float, end: float) -> float:
        """As loud as the test says."""
        return self.loud

    def with_sound(self) -> None:
        """Give every video a sound track."""
        sound = SoundTrack("aac", 2, 44_100, self.info.seconds)
        info = self.info
        self.info = VideoInfo(
            info.format,
            info.codec,
            info.width,
            info.height,
            info.rate,
            info.seconds,
            False,
            (sound,),
        )

    def _look(self, span: Span) -> Looked[Any]:
        self.spans.append(span)
        total = math.ceil(self.info.seconds / span.every - 1e-9)
        numbers = range(span.first, min(span.first + span.count, total))
        samples = [(number * span.every, self._at(number * span.every)) for number in numbers]
        return Looked(samples, len(samples) < span.count)

    def _at(self, time: float) -> list[Any]:
        begun = [since for since in self.seen if since <= time]
        return self.seen[max(begun)] if begun else []


class FakeVideoHost:
    """Runs the engine in place.

    Args:
        engine: The engine.

    Attributes:
        gate: Holds back every look while it is not set.
        looks: After how many looks the gate closes, if ever.
        stuck: Set when it has closed, and a look waits.
        pictures: The faces that the engine for pictures finds in each.
    """

    def __init__(self, engine: FakeVideoEngine) -> None:
        self.engine = engine
        self.gate = asyncio.Event()
        self.gate.set()
        self.looks: int | None = None
        self.stuck = asyncio.Event()
        self.pictures: list[Face] = []
        self._looked = 0
        self.calls: list[str] = []

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        """What the engine answers, or the error that the test wants once."""
        if method == "detect_faces":
            return self.pictures
        self.calls.append(method)
        if method != "probe":
            if self.looks is not None and self._looked == self.looks:
                self.gate.clear()
                self.stuck.set()
            await self.gate.wait()
            self._looked += 1
        error = self.engine.errors.pop(method, None)
        if error is not None:
            raise error
        return getattr(self.engine, method)(*arguments)


def as_engine(engine: FakeVideoEngine) -> VideoEngine:
    """Type-checked: the fake fulfils the protocol."""
    return engine
