"""Amazon Rekognition's operations for one image in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.contracts.features import ImageFeature, PlannedFeature

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer

_DEFAULT_CONFIDENCE = 55.0
"""Percent; Rekognition's own default for labels."""

_OPERATIONS = {
    ImageFeature.LABELS: "detect_labels",
    ImageFeature.PROPERTIES: "detect_labels",
    ImageFeature.FACES: "detect_faces",
    ImageFeature.TEXT: "detect_text",
    ImageFeature.CELEBRITIES: "recognize_celebrities",
    ImageFeature.MODERATION: "detect_moderation_labels",
    ImageFeature.PROTECTIVE_EQUIPMENT: "detect_protective_equipment",
}


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
    options: dict[ImageFeature, dict[str, Any]] = {
        ImageFeature.LABELS: {"MinConfidence": confidence, "Features": ["GENERAL_LABELS"]},
        ImageFeature.PROPERTIES: {"Features": ["IMAGE_PROPERTIES"]},
        ImageFeature.FACES: {"Attributes": ["ALL"]},
        ImageFeature.MODERATION: {"MinConfidence": confidence},
        ImageFeature.PROTECTIVE_EQUIPMENT: {
            "SummarizationAttributes": {
                "MinConfidence": confidence,
                "RequiredEquipmentTypes": ["FACE_COVER", "HAND_COVER", "HEAD_COVER"],
            }
        },
    }
    return _OPERATIONS[feature.feature], options.get(feature.feature, {})
