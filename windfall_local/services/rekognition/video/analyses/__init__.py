"""What each kind of job looks for, and how it tells what it found."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from windfall_local.engines.video import Looked, Span, VideoInfo
from windfall_local.services.rekognition.parameters import invalid
from windfall_local.services.rekognition.video.jobs import VideoJob
from windfall_local.services.rekognition.vision import Host

Answer = dict[str, Any]
Sample = tuple[int, list[Any]]
"""The time of a sample in milliseconds, and what was seen, as plain data."""

_AT_ONCE = 4
"""Samples that one job looks at before another has its turn."""


@dataclass(frozen=True, slots=True)
class Film:
    """A video that is looked at.

    Attributes:
        host: Runs the engine.
        path: The file.
        info: What it says of itself.
    """

    host: Host
    path: Path
    info: VideoInfo

    @property
    def milliseconds(self) -> int:
        """How long it is."""
        return int(self.info.seconds * 1000)


class Analysis(ABC):
    """A kind of job.

    Attributes:
        start: The operation that starts it; the one that tells its results has Get for Start.
        root: The list in the answer.
        models: The models that the engine can't do without.
    """

    start: ClassVar[str]
    root: ClassVar[str]
    models: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def check(self, request: Answer) -> None:
        """Refuse what Rekognition would refuse.

        Raises:
            ServiceError: What is wrong with the request.
        """

    @abstractmethod
    async def work(self, job: VideoJob, film: Film, folder: Path) -> None:
        """Do the whole work of a job, or what an earlier process left of it.

        Args:
            job: What was asked for.
            film: The video.
            folder: The job's own: for results, and for what must survive.
        """

    def view(self, request: Answer) -> tuple[str, str]:
        """The list of results that a Get asks for, and its order.

        Raises:
            ServiceError: There is no such list or order.
        """
        return "items", "time"

    def more(self, asked: Answer, request: Answer) -> Answer:
        """Further members of the answer to a Get.

        Args:
            asked: The parameters of the Start.
            request: The parameters of the Get.
        """
        return {}

    def metadata(self, found: Answer) -> Answer:
        """What the answer tells of the video, once it is known."""
        return {"VideoMetadata": found["video"]} if "video" in found else {}


class SampledAnalysis(Analysis):
    """A kind of job that looks at a video sample by sample.

    What was seen is kept line by line, so that an end of the process costs a few samples.

    Attributes:
        every: Seconds from one sample to the next.
    """

    every: ClassVar[float] = 0.5

    @abstractmethod
    async def see(self, job: VideoJob, film: Film, span: Span) -> Looked[Any]:
        """Have the engine look at a span; what it saw as plain data for JSON."""

    @abstractmethod
    async def write(self, job: VideoJob, film: Film, folder: Path) -> None:
        """Turn what was seen into results; long work is for a thread."""

    async def work(self, job: VideoJob, film: Film, folder: Path) -> None:
        """Look at every sample that has not been looked at, then write the results."""
        path = folder / "seen.jsonl"
        done, ended = _whole_lines(path), False
        while not ended:
            looked = await self.see(job, film, Span(done, _AT_ONCE, self.every))
            with path.open("a", encoding="utf-8") as file:
                for at, seen in looked.samples:
                    file.write(json.dumps([round(at * 1000), seen]) + "\n")
            done, ended = done + len(looked.samples), looked.ended
        await self.write(job, film, folder)
        path.unlink()


def samples(folder: Path) -> Iterator[Sample]:
    """What a sampled analysis has seen, in order."""
    with (folder / "seen.jsonl").open(encoding="utf-8") as file:
        for line in file:
            at, seen = json.loads(line)
            yield at, seen


def chosen_one(request: Answer, name: str, allowed: tuple[str, ...]) -> str:
    """One word out of a list; the first is the default.

    Raises:
        ServiceError: It is none of these.
    """
    value = str(request.get(name) or allowed[0])
    if value not in allowed:
        raise invalid(f"{name} has the unknown value {value}.")
    return value


def _whole_lines(path: Path) -> int:
    """How many lines a file has; a last one that the process did not finish is cut off."""
    if not path.exists():
        return 0
    with path.open("rb+") as file:
        count = end = 0
        for line in file:
            if not line.endswith(b"\n"):
                file.truncate(end)
                break
            count, end = count + 1, end + len(line)
    return count
