"""Lambda on the completion events of long jobs: the tasks that wait for them go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resume_job.logic import JobResumer
from resume_job.models import Settings
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.adapters.transcribe import TranscribeTranscription
from windfall.contracts.aws import TranscriptionJobEvent
from windfall.observability import logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
rendezvous = Rendezvous(DynamoJobTable(settings.insights_table), StepFunctionsTokens())
services = {"transcribe": TranscribeTranscription()}
resumer = JobResumer(rendezvous, services, settings.results_bucket)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Tell the task that waits for the job of the event."""
    change = TranscriptionJobEvent.model_validate(event)
    done = resumer.resume(change)
    logger.info("Job ended", job=change.detail.name, done=done)
    return {"done": done}
