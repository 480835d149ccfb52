"""Step Functions task: write what became of each document of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_translations.logic import TranslationRecorder
from record_translations.models import Settings
from windfall.adapters.eventbridge import EventBridgeBus
from windfall.adapters.s3 import S3ObjectStore
from windfall.contracts.translations import RecordTranslationsTask
from windfall.folder_recording import FolderRecorder
from windfall.observability import logger, tracer
from windfall.pricing import PriceList

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
store = S3ObjectStore()
recorder = TranslationRecorder(
    store,
    PriceList.of_region(settings.aws_region),
    FolderRecorder(store, EventBridgeBus(settings.event_bus), settings.results_bucket),
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer with the event that the bus was told."""
    told = recorder.record(RecordTranslationsTask.model_validate(event))
    logger.info("Folder translated", status=told.status, translations=told.translations)
    return told.model_dump(mode="json")
