"""Videos through PyAV and the vision models: what `EngineHost` runs in a process of its own."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from windfall_local.engines.media.opening import format_of, opened
from windfall_local.engines.models import require
from windfall_local.engines.video import Looked, Span, VideoInfo
from windfall_local.engines.video.frames import pixels_of, probe
from windfall_local.engines.video.places import Places
from windfall_local.engines.video.signatures import SIGNATURE, signature_of
from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.faces import find_faces
from windfall_local.engines.vision.models import Locate, Models
from windfall_local.engines.vision.objects import find_objects
from windfall_local.engines.vision.results import Face, FaceDetail, Line, Thing
from windfall_local.engines.vision.text import TextReader

THINGS_SIDE, FACES_SIDE, TEXT_SIDE = 1024, 1280, 1920
"""Longest side of the pixels that each method works on."""


class AvVideoEngine:
    """Looks at videos; see `VideoEngine`. Models load when first needed.

    Args:
        locate: Where a model's file lies; the installed models by default.
    """

    def __init__(self, locate: Locate = require) -> None:
        # Other processes of this machine have work too; threads here would starve them.
        cv2.setNumThreads(1)
        self._models = Models(locate)
        self._reader: TextReader | None = None
        self._places = Places()

    def probe(self, path: Path) -> VideoInfo:
        """What is in a file."""
        return probe(path)

    def things(self, path: Path, span: Span, min_score: float) -> Looked[Thing]:
        """Objects that score at least so much, in each sample of a span."""

        def look(frame: Any) -> list[Thing]:
            return find_objects(self._models, pixels_of(frame, THINGS_SIDE), min_score)

        return self._places.look(("things", min_score), path, span, look)

    def faces(self, path: Path, span: Span, detail: FaceDetail) -> Looked[Face]:
        """Faces, the largest first, in each sample of a span."""

        def look(frame: Any) -> list[Face]:
            return find_faces(self._models, pixels_of(frame, FACES_SIDE), detail)

        return self._places.look(("faces", detail), path, span, look)

    def text(self, path: Path, span: Span) -> Looked[Line]:
        """Lines of text, in reading order, in each sample of a span."""
        if self._reader is None:
            self._reader = TextReader()
        reader = self._reader

        def look(frame: Any) -> list[Line]:
            return reader.read(pixels_of(frame, TEXT_SIDE))

        return self._places.look(("text",), path, span, look)

    def sign(self, path: Path, after: float | None, count: int, black: float) -> Array:
        """Signatures of the next frames, at most so many; fewer than asked for at the end."""
        signed = [
            signature_of(at, frame, black, film.full_range)
            for film, at, frame in self._places.frames(path, after, count)
        ]
        return np.array(signed, SIGNATURE)

    def loudness(self, path: Path, begin: float, end: float) -> float:
        """The loudest of the sound between two times, from 0 to 1; 0 without sound."""
        loudest = 0.0
        with opened(path, format_of(path)) as container:
            if not container.streams.audio:
                return 0.0
            track = container.streams.audio[0]
            container.seek(int(begin / track.time_base), stream=track, backward=True)
            with contextlib.suppress(av.error.FFmpegError):
                for frame in container.decode(track):
                    if frame.time is not None and frame.time >= end:
                        break
                    if frame.time is None or frame.time + frame.samples / track.rate > begin:
                        loudest = max(loudest, _peak(frame))
        return loudest


def _peak(frame: Any) -> float:
    samples = frame.to_ndarray()
    if np.issubdtype(samples.dtype, np.floating):
        return float(np.abs(samples).max(initial=0.0))
    middle = 128 if samples.dtype == np.uint8 else 0
    full = 128 if samples.dtype == np.uint8 else -float(np.iinfo(samples.dtype).min)
    return float(np.abs(samples.astype(np.float64) - middle).max(initial=0.0) / full)
