"""Step Functions task: read what a job found in a video, page by page, and tell when it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collect_video_feature.logic import VideoFeatureCollector
from collect_video_feature.models import CollectVideoFeatureTask
from windfall.adapters.rekognition_video import RekognitionVideo
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

collector = VideoFeatureCollector(RekognitionVideo(), S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the feature's outcome."""
    task = CollectVideoFeatureTask.model_validate(event)
    outcome = collector.collect(task, context.get_remaining_time_in_millis)
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
