"""Step Functions task: split one table into rows to learn from and rows to be judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from split_table.logic import TableSplitter
from split_table.models import Settings, SplitTableTask
from split_table.requests import TrainingPlace
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_jobs import SageMakerJobs
from windfall.contracts.training import Algorithm
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
place = TrainingPlace(
    bucket=settings.results_bucket,
    role_arn=settings.model_role_arn,
    images={
        Algorithm.XGBOOST: settings.xgboost_image,
        Algorithm.SCRIPT: settings.scikit_learn_image,
    },
    region=settings.aws_region,
)
splitter = TableSplitter(S3ObjectStore(), SageMakerJobs(), settings.name_prefix, place)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome, and with what is to be trained."""
    task = SplitTableTask.model_validate(event)
    split = splitter.split(task, context.get_remaining_time_in_millis)
    logger.info("Table split", status=split.outcomes[0].status)
    return split.model_dump(mode="json")
