"""Lambda on Step Functions' status changes: end what was analyzed or translated and broke off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_failure.logic import FailureRecorder
from record_failure.models import Settings
from windfall.adapters.dynamodb import DynamoInsightsIndex
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.adapters.dynamodb_spending import DynamoSpending
from windfall.adapters.eventbridge import EventBridgeBus
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.contracts.executions import ExecutionStatusEvent
from windfall.folder_recording import FolderRecorder
from windfall.governor import Governor
from windfall.observability import CloudWatchMeasurements, logger, tracer
from windfall.pricing import PriceList
from windfall.recording import Recorder

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
store, index = S3ObjectStore(), DynamoInsightsIndex(settings.insights_table)
bus = EventBridgeBus(settings.event_bus)
recorder = Recorder(store, index, bus, CloudWatchMeasurements(), settings.results_bucket)
failure_recorder = FailureRecorder(
    store,
    index,
    recorder,
    PriceList.of_region(settings.aws_region),
    DynamoSpending(settings.insights_table),
    Governor(DynamoLeaseTable(settings.insights_table), StepFunctionsTokens()),
    FolderRecorder(store, bus, settings.results_bucket),
    settings.translate_folder_machine_arn,
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Fail every file attached to the analysis that broke off, or the folder."""
    change = ExecutionStatusEvent.model_validate(event)
    done = failure_recorder.record(change)
    logger.info("Failure handled", execution=change.detail.name, done=done)
    return {"done": done}
