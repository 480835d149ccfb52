"""Step Functions task: record the outcomes of an analysis for every file attached to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_insights.logic import InsightsRecorder
from record_insights.models import RecordRequest, Settings
from windfall.adapters.dynamodb import DynamoInsightsIndex
from windfall.adapters.dynamodb_spending import DynamoSpending
from windfall.adapters.eventbridge import EventBridgeBus
from windfall.adapters.s3 import S3ObjectStore
from windfall.observability import CloudWatchMeasurements, logger, tracer
from windfall.pricing import PriceList
from windfall.recording import Recorder

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
index, measurements = DynamoInsightsIndex(settings.insights_table), CloudWatchMeasurements()
bus = EventBridgeBus(settings.event_bus)
recorder = Recorder(S3ObjectStore(), index, bus, measurements, settings.results_bucket)
insights_recorder = InsightsRecorder(
    index,
    recorder,
    measurements,
    PriceList.of_region(settings.aws_region),
    DynamoSpending(settings.insights_table),
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Record every attached file."""
    request = RecordRequest.model_validate(event)
    result = insights_recorder.record(request)
    logger.info(
        "Insights recorded",
        analysis_id=request.analysis.analysis_id,
        attempt=request.analysis.attempt,
        manifests=result.manifests,
        status=result.status,
    )
    return result.model_dump(mode="json")
