"""Step Functions task: speak one text, with speech marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synthesize_speech.logic import SpeechSynthesizer
from synthesize_speech.models import SynthesizeSpeechTask
from windfall.adapters.polly import PollySpeech
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

synthesizer = SpeechSynthesizer(PollySpeech(), S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome of the speech."""
    task = SynthesizeSpeechTask.model_validate(event)
    outcome = synthesizer.synthesize(task, context.get_remaining_time_in_millis)
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
