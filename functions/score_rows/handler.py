"""Step Functions task: score the payloads of one table by an endpoint that answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from score_rows.logic import RowScorer
from score_rows.models import ScoreRowsTask
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_runtime import SageMakerSynchronousScoring
from windfall.observability import logger, tracer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

scorer = RowScorer(S3ObjectStore(), SageMakerSynchronousScoring())


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the payloads that failed."""
    task = ScoreRowsTask.model_validate(event)
    done = scorer.score(task, context.get_remaining_time_in_millis)
    logger.info("Rows scored", analysis_id=task.analysis.analysis_id, failed=len(done.scored))
    return done.model_dump(mode="json")
