"""Lambda behind the admission queue: admit every dropped or requested file to its workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admit_file.budgets import Budgets
from admit_file.logic import Admitter
from admit_file.models import Settings
from windfall.adapters.dynamodb import DynamoInsightsIndex
from windfall.adapters.dynamodb_spending import DynamoSpending
from windfall.adapters.eventbridge import EventBridgeBus
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker import SageMakerModels
from windfall.adapters.ssm import SsmProfiles
from windfall.adapters.stepfunctions import StepFunctionsWorkflows
from windfall.adapters.xray import XRayTraces
from windfall.contracts.subject import Kind
from windfall.observability import CloudWatchMeasurements, logger, tracer
from windfall.planning.files import FilePlanner
from windfall.queue_batch import BatchResponse, process_batch, was_delivered_before
from windfall.recording import Recorder

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
store, index = S3ObjectStore(), DynamoInsightsIndex(settings.insights_table)
machines = {
    Kind.IMAGE: settings.analyze_image_machine_arn,
    Kind.TEXT: settings.analyze_text_machine_arn,
    Kind.AUDIO: settings.analyze_audio_machine_arn,
    Kind.TABLE: settings.score_table_machine_arn,
    Kind.VIDEO: settings.analyze_video_machine_arn,
    Kind.DATASET: settings.train_model_machine_arn,
}
bus = EventBridgeBus(settings.event_bus)
admitter = Admitter(
    store=store,
    index=index,
    workflows=StepFunctionsWorkflows(machines),
    planner=FilePlanner(store, SsmProfiles(settings.profiles_path), SageMakerModels()),
    recorder=Recorder(store, index, bus, CloudWatchMeasurements(), settings.results_bucket),
    bucket=settings.results_bucket,
    budgets=Budgets(DynamoSpending(settings.insights_table), settings.aws_region),
    traces=XRayTraces(tracer, settings.traced_files_percent),
)


def admit_record(record: dict[str, Any]) -> None:
    """Admit the file of one message."""
    done = admitter.admit(record["body"], redelivered=was_delivered_before(record))
    logger.info("Admission ended", message_id=record["messageId"], done=done)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    """Admit every file in the batch; report the ones to be delivered again."""
    return process_batch(event, admit_record)
