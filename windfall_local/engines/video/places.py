"""Where methods are in videos: kept from one span to the next, so that several take turns.

What is not kept is found again by seeking.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import cv2

from windfall_local.engines.video import Looked, Span
from windfall_local.engines.video.frames import Film, thumbnail
from windfall_local.engines.vision.arrays import Array

MOST = 6
"""Places that are kept; each holds a decoder's pictures, 25 MB at 1080p."""
UNCHANGED = 5
"""Levels of grey by which no point of a small picture differs when nothing has changed."""

Frames = Iterator[tuple[float, Any]]
Seen = TypeVar("Seen")


@dataclass
class _Place:
    """Where a method is in a video.

    Attributes:
        film: The open file.
        frames: What comes next.
        next: Number of the next sample, or the time of the last frame.
        thumbnail: Of the last frame that was looked at.
        seen: What was seen in it.
    """

    film: Film
    frames: Frames
    next: float | None
    thumbnail: Array | None = None
    seen: list[Any] = field(default_factory=list)


class Places:
    """The places of one engine."""

    def __init__(self) -> None:
        self._places: dict[tuple[Any, ...], _Place] = {}

    def look(
        self,
        key: tuple[Any, ...],
        path: Path,
        span: Span,
        look: Callable[[Any], list[Seen]],
    ) -> Looked[Seen]:
        """What is seen in each sample of a span.

        Args:
            key: Which place this is: method and settings.
            path: The video.
            span: The samples.
            look: What to do with a frame; what has not changed is not looked at again (slides,
                titles, a still).
        """
        key = (path, span.every, *key)
        place = self._find(key, path, span.first, lambda film: film.shown(span.first, span.every))
        samples = []
        for at, frame in itertools.islice(place.frames, span.count):
            small = thumbnail(frame)
            if place.thumbnail is None or _differ(small, place.thumbnail):
                place.thumbnail, place.seen = small, look(frame)
            samples.append((at, place.seen))
        ended = len(samples) < span.count
        if ended:
            self._leave(key)
        else:
            place.next = span.first + span.count
        return Looked(samples, ended)

    def frames(
        self, path: Path, after: float | None, count: int
    ) -> Iterator[tuple[Film, float, Any]]:
        """The next frames after a time, at most so many, each with its film and time."""
        key = (path, "frames")
        place = self._find(key, path, after, lambda film: _behind(film, after))
        taken = 0
        for at, frame in itertools.islice(place.frames, count):
            place.next = at
            taken += 1
            yield place.film, at, frame
        if taken < count:
            self._leave(key)

    def _find(
        self,
        key: tuple[Any, ...],
        path: Path,
        at: float | None,
        frames: Callable[[Film], Frames],
    ) -> _Place:
        place = self._places.pop(key, None)
        if place is not None and place.next != at:
            place.film.close()
            place = None
        if place is None:
            film = Film(path)
            place = _Place(film, frames(film), at)
        self._places[key] = place
        while len(self._places) > MOST:
            self._leave(next(iter(self._places)))
        return place

    def _leave(self, key: tuple[Any, ...]) -> None:
        self._places.pop(key).film.close()


def _behind(film: Film, after: float | None) -> Frames:
    frames = film.every(after)
    return frames if after is None else ((at, frame) for at, frame in frames if at > after)


def _differ(one: Array, other: Array) -> bool:
    return bool(cv2.absdiff(one, other).max() > UNCHANGED)
