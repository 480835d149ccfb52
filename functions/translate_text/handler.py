"""Step Functions task: translate one text into one language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from translate_text.logic import TextTranslator
from translate_text.models import TranslateTextTask
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.translate import TranslateTranslation
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

translator = TextTranslator(TranslateTranslation(), S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome of the translation."""
    task = TranslateTextTask.model_validate(event)
    outcome = translator.translate(task, context.get_remaining_time_in_millis)
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
