"""Step Functions task: join the predictions of one table to its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from join_predictions.logic import PredictionJoiner
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_jobs import SageMakerJobs
from windfall.contracts.scoring import JoinTask
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

joiner = PredictionJoiner(S3ObjectStore(), SageMakerJobs())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome of the scoring."""
    task = JoinTask.model_validate(event)
    outcome = joiner.join(task, context.get_remaining_time_in_millis)
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
