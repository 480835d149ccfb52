"""Step Functions task with a token: begin to find one feature of one video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detect_video_feature.logic import VideoFeatureDetector
from detect_video_feature.models import DetectVideoFeatureTask, Settings
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.adapters.rekognition_video import Channel, RekognitionVideo
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.governor import Governor
from windfall.observability import logger, tracer
from windfall.rendezvous import Rendezvous

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = Settings.from_environment()
tokens = StepFunctionsTokens()
governor = Governor(DynamoLeaseTable(settings.insights_table), tokens)
rendezvous = Rendezvous(DynamoJobTable(settings.insights_table), tokens, governor=governor)
channel = Channel(settings.jobs_topic_arn, settings.notify_jobs_role_arn)
analysis = RekognitionVideo(channel)
detector = VideoFeatureDetector(analysis, rendezvous, S3ObjectStore(), settings.results_bucket)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Start the job; the task goes on waiting until its token is told the end."""
    task = DetectVideoFeatureTask.model_validate(event)
    done = detector.begin(task)
    logger.info("Video feature begun", feature=task.feature.feature, done=done)
    return {"done": done}
