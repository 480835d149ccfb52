"""Text detection: the lines and words of each sample."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from windfall_local.engines.video import VIDEO, Looked, Span
from windfall_local.engines.vision.results import Line
from windfall_local.services.rekognition.texts import MODEL_VERSION, TextFilter, text_shapes
from windfall_local.services.rekognition.video.analyses import (
    Answer,
    Film,
    SampledAnalysis,
    samples,
)
from windfall_local.services.rekognition.video.jobs import VideoJob
from windfall_local.services.rekognition.video.results import Results


class TextDetection(SampledAnalysis):
    """StartTextDetection and GetTextDetection."""

    start = "StartTextDetection"
    root = "TextDetections"
    every = 1.0

    def check(self, request: Answer) -> None:
        """Filters."""
        TextFilter(request.get("Filters") or {})

    async def see(self, job: VideoJob, film: Film, span: Span) -> Looked[Any]:
        """Lines and words in Rekognition's shape, filtered."""
        wanted = TextFilter(job.request.get("Filters") or {})
        looked: Looked[Line] = await film.host.run(VIDEO, "text", film.path, span)
        shapes = [(at, text_shapes(lines, wanted)) for at, lines in looked.samples]
        return Looked(shapes, looked.ended)

    async def write(self, job: VideoJob, film: Film, folder: Path) -> None:
        """Text by time."""
        results = Results(folder, "items")
        await asyncio.to_thread(results.write, _detections(folder), {"time": None})

    def more(self, asked: Answer, request: Answer) -> Answer:
        """The model."""
        return {"TextModelVersion": MODEL_VERSION}


def _detections(folder: Path) -> Iterator[Answer]:
    for at, shapes in samples(folder):
        for shape in shapes:
            yield {"Timestamp": at, "TextDetection": shape}
