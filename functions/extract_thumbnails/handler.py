"""Step Functions task: keep a picture of each shot of one video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extract_thumbnails.logic import ThumbnailExtractor
from extract_thumbnails.models import ExtractThumbnailsTask
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

extractor = ThumbnailExtractor(S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome."""
    task = ExtractThumbnailsTask.model_validate(event)
    outcome = extractor.extract(task, context.get_remaining_time_in_millis)
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
