"""Step Functions task: find one feature of one text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detect_text_feature.logic import TextFeatureDetector
from detect_text_feature.models import DetectTextFeatureTask
from windfall.adapters.comprehend import ComprehendLanguage
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

detector = TextFeatureDetector(ComprehendLanguage(), S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the feature's outcome."""
    task = DetectTextFeatureTask.model_validate(event)
    outcome = detector.detect(task, context.get_remaining_time_in_millis)
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
