"""Step Functions task: profile a table and decide what is trained on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from profile_table.logic import TableProfiler
from profile_table.models import ProfileTableTask
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

profiler = TableProfiler(S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome, and with where the spec lies."""
    profiled = profiler.profile(ProfileTableTask.model_validate(event))
    logger.info("Table profiled", status=profiled.outcomes[0].status)
    return profiled.model_dump(mode="json")
