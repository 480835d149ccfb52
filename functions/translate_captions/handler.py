"""Step Functions task: translate the captions of one recording into one language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from translate_captions.logic import CaptionTranslator
from translate_captions.models import TranslateCaptionsTask
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.translate import TranslateTranslation
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

translator = CaptionTranslator(TranslateTranslation(), S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcomes, and with the cues to dub."""
    task = TranslateCaptionsTask.model_validate(event)
    translated = translator.translate(task, context.get_remaining_time_in_millis)
    for outcome in translated.outcomes:
        logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return translated.model_dump(mode="json")
