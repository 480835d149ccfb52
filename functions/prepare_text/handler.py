"""Step Functions task: the plain text of a document, and its language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prepare_text.logic import TextPreparer
from prepare_text.models import PrepareTextTask
from windfall.adapters.comprehend import ComprehendLanguage
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

preparer = TextPreparer(ComprehendLanguage(), S3ObjectStore())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the text, its length and its language."""
    prepared = preparer.prepare(PrepareTextTask.model_validate(event))
    logger.info("Text prepared", status=prepared.outcome.status, characters=prepared.characters)
    return prepared.model_dump(mode="json")
