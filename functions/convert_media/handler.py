"""Step Functions task: make a working copy of a track that a service does not take as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convert_media.logic import MediaConverter
from convert_media.models import ConvertMediaTask
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

converter = MediaConverter(S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the working copy."""
    task = ConvertMediaTask.model_validate(event)
    converted = converter.convert(task, context.get_remaining_time_in_millis)
    logger.info("Media converted", track=task.track, seconds=converted.seconds)
    return converted.model_dump(mode="json")
