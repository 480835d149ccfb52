"""Face detection: the faces of each sample."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from windfall_local.engines.video import VIDEO, Looked, Span
from windfall_local.engines.vision.results import Face
from windfall_local.services.rekognition.shapes import detail_for, face_detail_shape
from windfall_local.services.rekognition.video.analyses import (
    Answer,
    Film,
    SampledAnalysis,
    chosen_one,
    samples,
)
from windfall_local.services.rekognition.video.jobs import VideoJob
from windfall_local.services.rekognition.video.results import Results

MOST_FACES = 100
FACE_MODELS = ("blazeface", "facemesh", "faceres", "emotion", "centernet")


class FaceDetection(SampledAnalysis):
    """StartFaceDetection and GetFaceDetection."""

    start = "StartFaceDetection"
    root = "Faces"
    models = FACE_MODELS

    def check(self, request: Answer) -> None:
        """Attributes."""
        chosen_one(request, "FaceAttributes", ("DEFAULT", "ALL"))

    async def see(self, job: VideoJob, film: Film, span: Span) -> Looked[Any]:
        """Faces in Rekognition's shape."""
        attributes = {chosen_one(job.request, "FaceAttributes", ("DEFAULT", "ALL"))}
        detail = detail_for(attributes)
        looked: Looked[Face] = await film.host.run(VIDEO, "faces", film.path, span, detail)
        shapes = [
            (at, [face_detail_shape(face, attributes) for face in faces[:MOST_FACES]])
            for at, faces in looked.samples
        ]
        return Looked(shapes, looked.ended)

    async def write(self, job: VideoJob, film: Film, folder: Path) -> None:
        """Faces by time."""
        results = Results(folder, "items")
        await asyncio.to_thread(results.write, _detections(folder), {"time": None})


def _detections(folder: Path) -> Iterator[Answer]:
    for at, faces in samples(folder):
        for face in faces:
            yield {"Timestamp": at, "Face": face}
