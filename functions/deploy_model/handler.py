"""Step Functions task with a token: have an endpoint serve a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy_model.logic import ModelDeployer
from deploy_model.models import DeployModelTask, Settings
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_hosting import SageMakerHosting
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.observability import logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
rendezvous = Rendezvous(DynamoJobTable(settings.insights_table), StepFunctionsTokens())
deployer = ModelDeployer(
    store=S3ObjectStore(),
    hosting=SageMakerHosting(),
    rendezvous=rendezvous,
    bucket=settings.results_bucket,
    prefix=settings.name_prefix,
    topic=settings.jobs_topic_arn,
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Begin the deployment; the task goes on waiting until its token is told the end."""
    task = DeployModelTask.model_validate(event)
    done = deployer.begin(task)
    logger.info("Deployment begun", model=task.training.name, done=done)
    return {"done": done}
