"""Step Functions task: hold a model's answers against what was true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evaluate_model.logic import ModelEvaluator
from evaluate_model.models import EvaluateModelTask, Settings
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_jobs import SageMakerJobs
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
evaluator = ModelEvaluator(S3ObjectStore(), SageMakerJobs(), settings.name_prefix)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcomes, and with whether the model can be deployed."""
    evaluated = evaluator.evaluate(EvaluateModelTask.model_validate(event))
    for outcome in evaluated.outcomes:
        logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return evaluated.model_dump(mode="json")
