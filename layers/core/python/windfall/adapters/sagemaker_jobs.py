"""Amazon SageMaker's training, transform and processing jobs: how they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.ports.training import JobKind, JobState

_ABSENT = frozenset({"ValidationException", "ResourceNotFound"})
"""SageMaker says of a transform job that is not there that it could not be found (400)."""


class SageMakerJobs:
    """Asks for jobs by their names."""

    def state(self, kind: JobKind, name: str) -> JobState | None:
        """How a job stands; None if there is none of that name."""
        member = f"{kind.value.capitalize()}JobName"
        operation = f"describe_{kind.value}_job"
        with translated_errors():
            try:
                answer = getattr(ai_client("sagemaker"), operation)(**{member: name})
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    return None
                raise
        return _STATES[kind](answer)


def _training(job: Mapping[str, Any]) -> JobState:
    resources = job.get("ResourceConfig", {})
    return JobState(
        status=job["TrainingJobStatus"],
        reason=job.get("FailureReason", ""),
        model=job.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
        seconds=float(job.get("BillableTimeInSeconds") or job.get("TrainingTimeInSeconds") or 0),
        instance_type=resources.get("InstanceType", ""),
        instances=resources.get("InstanceCount", 1),
    )


def _transform(job: Mapping[str, Any]) -> JobState:
    resources = job.get("TransformResources", {})
    return JobState(
        status=job["TransformJobStatus"],
        reason=job.get("FailureReason", ""),
        seconds=_between(job, "TransformStartTime", "TransformEndTime"),
        instance_type=resources.get("InstanceType", ""),
        instances=resources.get("InstanceCount", 1),
    )


def _processing(job: Mapping[str, Any]) -> JobState:
    cluster = job.get("ProcessingResources", {}).get("ClusterConfig", {})
    return JobState(
        status=job["ProcessingJobStatus"],
        reason=job.get("FailureReason") or job.get("ExitMessage") or "",
        seconds=_between(job, "ProcessingStartTime", "ProcessingEndTime"),
        instance_type=cluster.get("InstanceType", ""),
        instances=cluster.get("InstanceCount", 1),
    )


def _between(job: Mapping[str, Any], start: str, end: str) -> float:
    """Seconds; SageMaker bills the time from the start of the instances to their end."""
    if start not in job or end not in job:
        return 0.0
    seconds: float = (job[end] - job[start]).total_seconds()
    return round(seconds, 3)


_STATES: Mapping[JobKind, Callable[[Mapping[str, Any]], JobState]] = {
    JobKind.TRAINING: _training,
    JobKind.TRANSFORM: _transform,
    JobKind.PROCESSING: _processing,
}
