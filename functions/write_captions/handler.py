"""Step Functions task: make text and captions of one transcript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer
from write_captions.logic import CaptionWriter
from write_captions.models import WriteCaptionsTask

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

writer = CaptionWriter(S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcomes, and with what the next tasks work on."""
    written = writer.write(WriteCaptionsTask.model_validate(event))
    for outcome in written.outcomes:
        logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return written.model_dump(mode="json")
