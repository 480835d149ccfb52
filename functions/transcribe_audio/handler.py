"""Step Functions task with a token: begin to transcribe one recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transcribe_audio.logic import AudioTranscriber
from transcribe_audio.models import Settings, TranscribeAudioTask
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.adapters.transcribe import TranscribeTranscription
from windfall.governor import Governor
from windfall.observability import logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
tokens = StepFunctionsTokens()
governor = Governor(DynamoLeaseTable(settings.insights_table), tokens)
rendezvous = Rendezvous(DynamoJobTable(settings.insights_table), tokens, governor=governor)
transcriber = AudioTranscriber(
    TranscribeTranscription(), rendezvous, S3ObjectStore(), settings.results_bucket
)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Submit the recording; the task goes on waiting until its token is told the end."""
    task = TranscribeAudioTask.model_validate(event)
    done = transcriber.begin(task)
    logger.info("Transcription begun", analysis_id=task.analysis.analysis_id, done=done)
    return {"done": done}
