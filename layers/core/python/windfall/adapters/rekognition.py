"""Amazon Rekognition's operations for one image in S3."""

from __future__ import annotations

from typing import Any

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.contracts.analysis import PlannedFeature
from windfall.contracts.base import S3Pointer
from windfall.contracts.profile import ImageFeature

_DEFAULT_CONFIDENCE = 55.0
"""Percent; Rekognition's own default for labels."""
_DOMINANT_COLORS = 12
"""The most that Rekognition answers by default is 10; 12 is the API's maximum."""


class RekognitionVision:
    """Looks at images with Rekognition, which reads them itself with this role's permissions."""

    def detect(self, feature: PlannedFeature, source: S3Pointer) -> dict[str, Any]:
        """The raw answer of the feature's operation."""
        operation, options = request_of(feature)
        location = {"Bucket": source.bucket, "Name": source.key}
        if source.version_id is not None:
            location["Version"] = source.version_id
        with translated_errors():
            call = getattr(ai_client("rekognition"), operation)
            answer: dict[str, Any] = call(Image={"S3Object": location}, **options)
        answer.pop("ResponseMetadata", None)
        return answer


def request_of(feature: PlannedFeature) -> tuple[str, dict[str, Any]]:
    """The boto3 method and the options that find a feature."""
    confidence = feature.min_confidence
    if confidence is None:
        confidence = _DEFAULT_CONFIDENCE
    match feature.feature:
        case ImageFeature.LABELS:
            return "detect_labels", {"MinConfidence": confidence, "Features": ["GENERAL_LABELS"]}
        case ImageFeature.PROPERTIES:
            colors = {"ImageProperties": {"MaxDominantColors": _DOMINANT_COLORS}}
            return "detect_labels", {"Features": ["IMAGE_PROPERTIES"], "Settings": colors}
        case ImageFeature.FACES:
            return "detect_faces", {"Attributes": ["ALL"]}
        case ImageFeature.TEXT:
            return "detect_text", {}
        case ImageFeature.CELEBRITIES:
            return "recognize_celebrities", {}
        case ImageFeature.MODERATION:
            return "detect_moderation_labels", {"MinConfidence": confidence}
        case ImageFeature.PROTECTIVE_EQUIPMENT:
            required = {
                "MinConfidence": confidence,
                "RequiredEquipmentTypes": ["FACE_COVER", "HAND_COVER", "HEAD_COVER"],
            }
            return "detect_protective_equipment", {"SummarizationAttributes": required}
