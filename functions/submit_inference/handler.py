"""Step Functions task with a token: ask an endpoint to score one payload, some time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from submit_inference.logic import InferenceSubmitter
from submit_inference.models import Settings, SubmitInferenceTask
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_runtime import SageMakerAsynchronousScoring
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.observability import logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
store, table = S3ObjectStore(), DynamoJobTable(settings.insights_table)
submitter = InferenceSubmitter(
    store=store,
    scoring=SageMakerAsynchronousScoring(store, table),
    table=table,
    rendezvous=Rendezvous(table, StepFunctionsTokens()),
    bucket=settings.results_bucket,
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Submit the payload; the task goes on waiting until its token is told the end."""
    task = SubmitInferenceTask.model_validate(event)
    done = submitter.submit(task)
    logger.info(
        "Inference submitted",
        analysis_id=task.analysis.analysis_id,
        payload=task.payload,
        done=done,
    )
    return {"done": done}
