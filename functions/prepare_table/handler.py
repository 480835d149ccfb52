"""Step Functions task: check one table against its model and cut it into payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prepare_table.logic import TablePreparer
from windfall.adapters.s3 import S3ObjectStore
from windfall.contracts.scoring import PrepareTableTask
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

preparer = TablePreparer(S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome of the check, and how many payloads there are."""
    analysis = PrepareTableTask.model_validate(event).analysis
    prepared = preparer.prepare(analysis, context.get_remaining_time_in_millis)
    logger.info("Table prepared", analysis_id=analysis.analysis_id, payloads=prepared.payloads)
    return prepared.model_dump(mode="json")
