"""Step Functions task: put the narrations of a long text together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from join_speech.logic import SpeechJoiner
from join_speech.models import JoinSpeechTask
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

joiner = SpeechJoiner(S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the outcome of the speech."""
    task = JoinSpeechTask.model_validate(event)
    outcome = joiner.join(task)
    logger.info("Feature ended", feature=outcome.feature, status=outcome.status)
    return outcome.model_dump(mode="json")
