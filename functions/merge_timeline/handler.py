"""Step Functions task: merge everything that was found in one video into one timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from merge_timeline.logic import TimelineMerger
from merge_timeline.models import MergeTimelineTask
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

merger = TimelineMerger(S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the timeline's outcome."""
    outcome = merger.merge(MergeTimelineTask.model_validate(event))
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
