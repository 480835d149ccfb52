"""Rekognition's operations on images, each a method; collections and videos join them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from windfall_local.api import (
    CallContext,
    Cloud,
    OperationService,
    ServiceError,
    UnsupportedOperationError,
)
from windfall_local.engines.models import require
from windfall_local.engines.vision.results import Face, FaceDetail
from windfall_local.services.rekognition.collection_operations import (
    CollectionOperations,
    no_faces,
)
from windfall_local.services.rekognition.collections import Collections
from windfall_local.services.rekognition.gallery import Gallery, Person, nearest
from windfall_local.services.rekognition.images import read_image
from windfall_local.services.rekognition.labels import (
    DEFAULT_CONFIDENCE,
    MODEL_VERSION,
    label_shapes,
    score_of,
)
from windfall_local.services.rekognition.palette import color_shape
from windfall_local.services.rekognition.parameters import chosen, count, percentage
from windfall_local.services.rekognition.shapes import (
    ATTRIBUTES,
    box_shape,
    compared_face_shape,
    detail_for,
    face_detail_shape,
)
from windfall_local.services.rekognition.similarity import MATCH, cosine, similarity
from windfall_local.services.rekognition.texts import MODEL_VERSION as TEXT_MODEL_VERSION
from windfall_local.services.rekognition.texts import TextFilter, text_shapes
from windfall_local.services.rekognition.video.analyses.faces import FaceDetection
from windfall_local.services.rekognition.video.analyses.labels import LabelDetection
from windfall_local.services.rekognition.video.analyses.people import (
    CelebrityRecognition,
    FaceSearch,
)
from windfall_local.services.rekognition.video.analyses.segments import SegmentDetection
from windfall_local.services.rekognition.video.analyses.texts import TextDetection
from windfall_local.services.rekognition.video.library import VideoLibrary
from windfall_local.services.rekognition.video_operations import VideoOperations
from windfall_local.services.rekognition.vision import Host, Vision

FEATURES = {"GENERAL_LABELS", "IMAGE_PROPERTIES"}
MAX_LABELS, MAX_FACES, MAX_CELEBRITIES, MAX_COLORS = 1000, 100, 64, 12
MIN_SCORE = 0.05
"""Below this the model finds everything everywhere; MinConfidence 0 stops here."""


class RekognitionService(CollectionOperations, VideoOperations, OperationService):
    """Answers Rekognition from the vision engines: images at once, videos by jobs.

    Args:
        cloud: For images in S3, and the data directory.
        host: Runs the engines.
        locate: Where a model lies, for jobs; the installed models by default.
    """

    name = "rekognition"

    def __init__(self, cloud: Cloud, host: Host, locate: Callable[[str], Path] = require) -> None:
        self._cloud = cloud
        self._vision = Vision(host)
        self._gallery = Gallery(cloud.data_dir / "gallery", self._vision)
        self._collections = Collections(cloud.data_dir / "rekognition.sqlite")
        self._videos = VideoLibrary(
            cloud,
            host,
            [
                LabelDetection(),
                FaceDetection(),
                TextDetection(),
                SegmentDetection(),
                FaceSearch(self._collections),
                CelebrityRecognition(self._gallery),
            ],
            locate,
        )

    async def detect_labels(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Objects as labels, and the picture's colours and quality."""
        features = chosen(parameters, "Features", FEATURES, "GENERAL_LABELS")
        confidence = percentage(parameters, "MinConfidence", DEFAULT_CONFIDENCE)
        most = count(parameters, "MaxLabels", MAX_LABELS, 0, 2**31 - 1)
        settings = parameters.get("Settings") or {}
        colors = count(
            settings.get("ImageProperties") or {}, "MaxDominantColors", 10, 0, MAX_COLORS
        )
        content = await read_image(parameters.get("Image") or {}, context)
        answer: dict[str, Any] = {"LabelModelVersion": MODEL_VERSION}
        if "GENERAL_LABELS" in features:
            # A rounding error must not drop what lies exactly on the threshold.
            least = max(MIN_SCORE, math.nextafter(score_of(confidence), 0))
            things = await self._vision.objects(content, least)
            answer["Labels"] = label_shapes(things, settings.get("GeneralLabels") or {}, most)
        if "IMAGE_PROPERTIES" in features:
            answer["ImageProperties"] = await self._image_properties(content, colors)
        return answer

    async def _image_properties(self, content: bytes, colors: int) -> dict[str, Any]:
        found = await self._vision.properties(content, max(colors, 1))
        quality = found.quality
        return {
            "Quality": {
                "Sharpness": quality.sharpness,
                "Brightness": quality.brightness,
                "Contrast": quality.contrast or 0.0,
            },
            "DominantColors": [color_shape(color) for color in found.colors[:colors]],
        }

    async def detect_faces(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """The 100 largest faces, with the attributes that the engine has."""
        attributes = chosen(parameters, "Attributes", ATTRIBUTES, "DEFAULT")
        content = await read_image(parameters.get("Image") or {}, context)
        faces = await self._vision.faces(content, detail_for(attributes))
        return {"FaceDetails": [face_detail_shape(face, attributes) for face in faces[:MAX_FACES]]}

    async def detect_text(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Lines and up to 100 words."""
        wanted = TextFilter(parameters.get("Filters") or {})
        content = await read_image(parameters.get("Image") or {}, context)
        lines = await self._vision.text(content)
        return {
            "TextDetections": text_shapes(lines, wanted),
            "TextModelVersion": TEXT_MODEL_VERSION,
        }

    async def compare_faces(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """How alike the largest face of one picture and those of another are."""
        threshold = percentage(parameters, "SimilarityThreshold", 80)
        source = await self._described_faces(parameters.get("SourceImage") or {}, context)
        target = await self._described_faces(parameters.get("TargetImage") or {}, context)
        if not source or not target:
            raise no_faces()
        matches: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for face in target[:MAX_FACES]:
            alike = similarity(cosine(source[0].descriptor or (), face.descriptor or ()))
            shape = compared_face_shape(face)
            if alike >= threshold:
                matches.append({"Similarity": alike, "Face": shape})
            else:
                others.append(shape)
        matches.sort(key=lambda match: -match["Similarity"])
        return {
            "SourceImageFace": {
                "BoundingBox": box_shape(source[0].box),
                "Confidence": source[0].score * 100,
            },
            "FaceMatches": matches,
            "UnmatchedFaces": others,
        }

    async def recognize_celebrities(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Who of the user's gallery is in the picture; everybody else is unrecognized."""
        content = await read_image(parameters.get("Image") or {}, context)
        known = await self._gallery.descriptors()
        detail = FaceDetail(expression=True, descriptor=bool(known))
        faces = await self._vision.faces(content, detail)
        celebrities, others = [], []
        for face in faces[:MAX_CELEBRITIES]:
            best = nearest(face.descriptor, known) if known and face.descriptor else None
            alike = similarity(best[1]) if best else 0.0
            shape = _celebrity_face_shape(face)
            if best is not None and alike >= MATCH:
                about = await asyncio.to_thread(best[0].about)
                celebrities.append(_celebrity(best[0], about, shape, alike))
            else:
                others.append(shape)
        return {"CelebrityFaces": celebrities, "UnrecognizedFaces": others}

    async def get_celebrity_info(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """What the gallery says of somebody."""
        person = await asyncio.to_thread(self._gallery.find, str(parameters.get("Id", "")))
        if person is None:
            raise ServiceError("ResourceNotFoundException", "The gallery has nobody of this Id.")
        about = await asyncio.to_thread(person.about)
        return {"Name": person.name, **about}

    async def detect_moderation_labels(
        self, parameters: dict[str, Any], context: CallContext
    ) -> Any:
        """Refused: no engine."""
        raise _no_engine("DetectModerationLabels", "moderation")

    async def detect_protective_equipment(
        self, parameters: dict[str, Any], context: CallContext
    ) -> Any:
        """Refused: no engine."""
        raise _no_engine("DetectProtectiveEquipment", "protective equipment")

    async def detect_custom_labels(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Refused: no engine."""
        raise _no_engine("DetectCustomLabels", "custom labels")

    async def _described_faces(self, image: dict[str, Any], context: CallContext) -> list[Face]:
        content = await read_image(image, context)
        return await self._vision.faces(content, FaceDetail(descriptor=True))


def _no_engine(operation: str, what: str) -> UnsupportedOperationError:
    return UnsupportedOperationError(
        f"{operation} has no local engine: no model for {what} that may be used was found. "
        "It works on AWS."
    )


def _celebrity_face_shape(face: Face) -> dict[str, Any]:
    detail = face_detail_shape(face, {"EMOTIONS", "SMILE"})
    return {name: detail[name] for name in detail if name != "MouthOpen"}


def _celebrity(
    person: Person, about: dict[str, Any], face: dict[str, Any], alike: float
) -> dict[str, Any]:
    return {"Name": person.name, "Id": person.id, "Face": face, "MatchConfidence": alike, **about}
