"""Amazon Rekognition's operations for one image in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.contracts.features import ImageFeature, PlannedFeature

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer

_DEFAULT_CONFIDENCE = 55.0
"""Percent; Rekognition's own default for labels."""

_MOST_MATCHES = 100
"""Faces of a collection that one face may be like: a person may have many there."""

_OPERATIONS = {
    ImageFeature.LABELS: "detect_labels",
    ImageFeature.PROPERTIES: "detect_labels",
    ImageFeature.FACES: "detect_faces",
    ImageFeature.TEXT: "detect_text",
    ImageFeature.CELEBRITIES: "recognize_celebrities",
    ImageFeature.KNOWN_FACES: "search_faces_by_image",
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
        call = getattr(ai_client("rekognition"), operation)
        with translated_errors():
            try:
                answer: dict[str, Any] = call(Image={"S3Object": location}, **options)
            except ClientError as error:
                if feature.feature is not ImageFeature.KNOWN_FACES or not _tells_no_face(error):
                    raise
                answer = {"FaceMatches": []}
        answer.pop("ResponseMetadata", None)
        return answer


def _tells_no_face(error: ClientError) -> bool:
    """SearchFacesByImage refuses a picture without a face, by a code that means much else too."""
    told = error.response["Error"]
    return told["Code"] == "InvalidParameterException" and "no faces" in told["Message"].lower()


def request_of(feature: PlannedFeature) -> tuple[str, dict[str, Any]]:
    """The boto3 method and the options that find a feature."""
    confidence = feature.min_confidence
    if confidence is None:
        confidence = _DEFAULT_CONFIDENCE
    options: dict[ImageFeature, dict[str, Any]] = {
        ImageFeature.LABELS: {"MinConfidence": confidence, "Features": ["GENERAL_LABELS"]},
        ImageFeature.PROPERTIES: {"Features": ["IMAGE_PROPERTIES"]},
        ImageFeature.FACES: {"Attributes": ["ALL"]},
        ImageFeature.KNOWN_FACES: {"CollectionId": feature.collection, "MaxFaces": _MOST_MATCHES},
        ImageFeature.MODERATION: {"MinConfidence": confidence},
        ImageFeature.PROTECTIVE_EQUIPMENT: {
            "SummarizationAttributes": {
                "MinConfidence": confidence,
                "RequiredEquipmentTypes": ["FACE_COVER", "HAND_COVER", "HEAD_COVER"],
            }
        },
    }
    return _OPERATIONS[feature.feature], options.get(feature.feature, {})
