"""Step Functions task with a token: begin to narrate one piece of a long text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrate_text.logic import TextNarrator
from narrate_text.models import NarrateTextTask, Settings
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.polly_tasks import PollySpeechTasks
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
narrator = TextNarrator(
    PollySpeechTasks(settings.jobs_topic),
    DynamoJobTable(settings.insights_table),
    StepFunctionsTokens(),
    S3ObjectStore(),
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Submit the piece; the task goes on waiting until its token is told the end."""
    task = NarrateTextTask.model_validate(event)
    done = narrator.begin(task)
    logger.info("Narration begun", part=task.narration.part, kind=task.narration.kind, done=done)
    return {"done": done}
