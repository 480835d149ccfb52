"""Every service whose long jobs are waited for, by the name that `JobId.service` has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from windfall.adapters.polly_tasks import PollySpeechTasks
from windfall.adapters.rekognition_video import RekognitionVideo
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.sagemaker_hosting import SageMakerHosting
from windfall.adapters.sagemaker_runtime import SageMakerAsynchronousScoring
from windfall.adapters.transcribe import TranscribeTranscription
from windfall.adapters.translate_batch import TranslateFolders

if TYPE_CHECKING:
    from windfall.ports.jobs import JobService, JobTable
    from windfall.ports.leases import JobCensus


def job_census() -> Mapping[str, JobCensus]:
    """The services that list the jobs that they are at work on."""
    return {"transcribe": TranscribeTranscription()}


def job_services(table: JobTable, bucket: str) -> Mapping[str, JobService]:
    """The services; none is called before it is asked after a job."""
    return {
        "polly": PollySpeechTasks(),
        "rekognition": RekognitionVideo(),
        "sagemaker": SageMakerAsynchronousScoring(S3ObjectStore(), table),
        "sagemaker-endpoint": SageMakerHosting(),
        "transcribe": TranscribeTranscription(),
        "translate": TranslateFolders(bucket),
    }
