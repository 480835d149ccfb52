"""Step Functions task: speak the translated cues of one recording in time with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dub_audio.logic import AudioDubber
from dub_audio.models import DubAudioTask
from windfall.adapters.polly import PollySpeech
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

dubber = AudioDubber(PollySpeech(), S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome of the dubbing."""
    task = DubAudioTask.model_validate(event)
    outcome = dubber.dub(task, context.get_remaining_time_in_millis)
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
