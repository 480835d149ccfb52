"""CreateProcessingJob and its kin."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, Cloud
from windfall_local.services.sagemaker import listing
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.containers import check_role
from windfall_local.services.sagemaker.images import read_processing_image
from windfall_local.services.sagemaker.jobs import Jobs, head, picked, summary
from windfall_local.services.sagemaker.objects import read_uri
from windfall_local.services.sagemaker.processor import FOLDER
from windfall_local.services.sagemaker.records import Document, moment
from windfall_local.services.sagemaker.wording import arn_of, invalid, missing, refuse, taken

Answer = dict[str, Any]

QUOTA = "processing jobs in progress"
_ECHOED = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)


class ProcessingOperations:
    """Processing jobs."""

    _cloud: Cloud
    _processing: Jobs

    async def create_processing_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Accept a job."""
        check_constraints("sagemaker", "CreateProcessingJob", parameters)
        _check(parameters)
        name = parameters["ProcessingJobName"]
        arn = arn_of(self._cloud.region, "processing-job", name)
        await check_role(self._cloud, parameters["RoleArn"])
        # From here on nothing is awaited: a name is given once.
        if name in self._processing.records:
            raise taken(arn)
        await self._processing.accept(name, request=parameters, arn=arn)
        return {"ProcessingJobArn": arn}

    async def describe_processing_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Where a job stands."""
        job = self._processing_job(parameters)
        answer = {
            **head(job, "Processing"),
            **picked(job["request"], _ECHOED),
            "LastModifiedTime": moment(job["modified"]),
        }
        return {**answer, "ExitMessage": job["message"]} if job.get("message") else answer

    async def list_processing_jobs(self, parameters: Answer, context: CallContext) -> Answer:
        """Jobs, the latest first."""
        return listing.page(
            self._processing.records, parameters, "ProcessingJobSummaries", _summary
        )

    async def stop_processing_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Have a job stop."""
        await self._processing.stop(self._processing_job(parameters), "processing")
        return {}

    def _processing_job(self, parameters: Answer) -> Document:
        name = parameters["ProcessingJobName"]
        job = self._processing.records.get(name)
        if job is None:
            arn = arn_of(self._cloud.region, "processing-job", name)
            raise missing("processing job", arn)
        return job


def _summary(job: Document) -> Answer:
    return summary(job, "Processing")


def _check(parameters: Answer) -> None:
    application = parameters["AppSpecification"]
    kind = read_processing_image(application.get("ImageUri"))
    if kind != "clarify" and not application.get("ContainerEntrypoint"):
        raise invalid("A processing job of this image needs a ContainerEntrypoint.")
    if parameters["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1) > 1:
        refuse({"processing on several instances": True}, "processing on several instances")
    for one in parameters.get("ProcessingInputs") or ():
        refuse(one, "AppManaged", "DatasetDefinition")
        _check_place(one.get("S3Input") or {}, one["InputName"])
        source = one["S3Input"]
        if source.get("S3InputMode") == "Pipe":
            refuse({"S3InputMode Pipe": True}, "S3InputMode Pipe")
        if source.get("S3CompressionType") == "Gzip":
            raise invalid("S3CompressionType Gzip can be used in Pipe mode only.")
    for one in (parameters.get("ProcessingOutputConfig") or {}).get("Outputs", ()):
        refuse(one, "AppManaged", "FeatureStoreOutput")
        _check_place(one.get("S3Output") or {}, one["OutputName"])


def _check_place(place: Answer, name: str) -> None:
    path = place.get("LocalPath") or ""
    if not place.get("S3Uri") or not path:
        raise invalid(f"{name} needs an S3Uri and a LocalPath.")
    if not path.startswith(FOLDER) or ".." in path.split("/"):
        raise invalid(f"The LocalPath of {name} must lie below {FOLDER}.")
    read_uri(place["S3Uri"])
