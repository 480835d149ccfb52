"""Step Functions task with a token: begin to translate a folder of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from translate_folder.logic import FolderTranslator
from translate_folder.models import Settings
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.adapters.translate_batch import TranslateFolders
from windfall.contracts.translations import TranslateFolderTask
from windfall.observability import logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
translator = FolderTranslator(
    TranslateFolders(settings.results_bucket, settings.translate_role),
    Rendezvous(DynamoJobTable(settings.insights_table), StepFunctionsTokens()),
    settings.results_bucket,
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Submit the folder; the task goes on waiting until its token is told the end."""
    task = TranslateFolderTask.model_validate(event)
    done = translator.begin(task)
    logger.info("Translation begun", request=task.request.request, done=done)
    return {"done": done}
