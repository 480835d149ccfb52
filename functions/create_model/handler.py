"""Step Functions task: make a model of what a training left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from create_model.logic import ModelCreator
from create_model.models import CreateModelTask, Settings
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_jobs import SageMakerJobs
from windfall.adapters.sagemaker_models import SageMakerRegistry
from windfall.contracts.training import Algorithm
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
images = {Algorithm.XGBOOST: settings.xgboost_image, Algorithm.SCRIPT: settings.scikit_learn_image}
creator = ModelCreator(
    store=S3ObjectStore(),
    jobs=SageMakerJobs(),
    models=SageMakerRegistry(),
    prefix=settings.name_prefix,
    role_arn=settings.model_role_arn,
    images=images,
    clarify=settings.clarify_image,
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome of the training, and with what the model is to be asked."""
    created = creator.create(CreateModelTask.model_validate(event))
    logger.info("Feature ended", feature="training", status=created.outcomes[0].status)
    return created.model_dump(mode="json")
