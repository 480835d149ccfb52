"""Step Functions task: register a model and save the profile that scores with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from publish_model.logic import ModelPublisher
from publish_model.models import PublishModelTask, Settings
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_hosting import SageMakerHosting
from windfall.adapters.sagemaker_models import SageMakerRegistry
from windfall.adapters.ssm import SsmProfileWriter
from windfall.contracts.training import Algorithm
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
publisher = ModelPublisher(
    store=S3ObjectStore(),
    models=SageMakerRegistry(),
    hosting=SageMakerHosting(),
    profiles=SsmProfileWriter(settings.profiles_path),
    bucket=settings.results_bucket,
    prefix=settings.name_prefix,
    images={
        Algorithm.XGBOOST: settings.xgboost_image,
        Algorithm.SCRIPT: settings.scikit_learn_image,
    },
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcomes."""
    published = publisher.publish(PublishModelTask.model_validate(event))
    for outcome in published.outcomes:
        logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return published.model_dump(mode="json")
