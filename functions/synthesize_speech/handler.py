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
    """Answer with the outcome of the speech, or with what is to be narrated for it."""
    task = SynthesizeSpeechTask.model_validate(event)
    speech = synthesizer.synthesize(task)
    logger.info("Text spoken", language=task.language, narrations=len(speech.narrations))
    return speech.model_dump(mode="json")
