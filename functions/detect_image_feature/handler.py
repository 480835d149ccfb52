"""Step Functions task: find one feature of one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detect_image_feature.logic import ImageFeatureDetector
from detect_image_feature.models import DetectImageFeatureTask
from windfall.adapters.rekognition import RekognitionVision
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

detector = ImageFeatureDetector(RekognitionVision(), S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the feature's outcome."""
    outcome = detector.detect(DetectImageFeatureTask.model_validate(event))
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
