"""CreateTransformJob and its kin."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, Cloud
from windfall_local.services.sagemaker import listing
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.jobs import Jobs, head, picked, summary
from windfall_local.services.sagemaker.objects import read_uri
from windfall_local.services.sagemaker.records import Document, Records
from windfall_local.services.sagemaker.transformer import PAYLOAD_MB, processing_of
from windfall_local.services.sagemaker.wording import arn_of, invalid, missing, refuse, taken

Answer = dict[str, Any]

QUOTA = "transform jobs in progress"
_MOST_MB = 100
"""MaxPayloadInMB, and MaxPayloadInMB times MaxConcurrentTransforms."""
_ECHOED = (
    "ModelName",
    "MaxConcurrentTransforms",
    "ModelClientConfig",
    "MaxPayloadInMB",
    "BatchStrategy",
    "Environment",
    "TransformInput",
    "TransformOutput",
    "TransformResources",
    "DataProcessing",
    "ExperimentConfig",
)


class TransformOperations:
    """Transform jobs."""

    _cloud: Cloud
    _models: Records
    _transforms: Jobs

    async def create_transform_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Accept a job."""
        check_constraints("sagemaker", "CreateTransformJob", parameters)
        _check(parameters)
        name, region = parameters["TransformJobName"], self._cloud.region
        arn = arn_of(region, "transform-job", name)
        model = self._models.get(parameters["ModelName"])
        if model is None:
            raise missing("model", arn_of(region, "model", parameters["ModelName"]))
        # From here on nothing is awaited: a name is given once.
        if name in self._transforms.records:
            raise taken(arn)
        await self._transforms.accept(name, request=parameters, arn=arn, model=model, done=[])
        return {"TransformJobArn": arn}

    async def describe_transform_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Where a job stands."""
        job = self._transform_job(parameters)
        return {**head(job, "Transform"), **picked(job["request"], _ECHOED)}

    async def list_transform_jobs(self, parameters: Answer, context: CallContext) -> Answer:
        """Jobs, the latest first."""
        return listing.page(self._transforms.records, parameters, "TransformJobSummaries", _summary)

    async def stop_transform_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Have a job stop; objects that are done stay."""
        await self._transforms.stop(self._transform_job(parameters), "transform")
        return {}

    def _transform_job(self, parameters: Answer) -> Document:
        name = parameters["TransformJobName"]
        job = self._transforms.records.get(name)
        if job is None:
            raise missing("transform job", arn_of(self._cloud.region, "transform-job", name))
        return job


def _summary(job: Document) -> Answer:
    return summary(job, "Transform")


def _check(parameters: Answer) -> None:
    refuse(parameters, "DataCaptureConfig")
    source, output = parameters["TransformInput"], parameters["TransformOutput"]
    kind = source["DataSource"]["S3DataSource"]["S3DataType"]
    if kind not in ("S3Prefix", "ManifestFile"):
        refuse({f"S3DataType {kind}": True}, f"S3DataType {kind}")
    split = source.get("SplitType", "None")
    if split not in ("None", "Line"):
        refuse({f"SplitType {split}": True}, f"SplitType {split}")
    read_uri(source["DataSource"]["S3DataSource"]["S3Uri"])
    read_uri(output["S3OutputPath"])
    megabytes = parameters.get("MaxPayloadInMB", PAYLOAD_MB)
    at_once = parameters.get("MaxConcurrentTransforms") or 1
    if megabytes > _MOST_MB or megabytes * at_once > _MOST_MB:
        raise invalid(
            f"MaxPayloadInMB, and MaxPayloadInMB times MaxConcurrentTransforms, may be {_MOST_MB} "
            "at most."
        )
    if parameters.get("BatchStrategy") == "SingleRecord" and split == "None":
        raise invalid("BatchStrategy SingleRecord needs a SplitType.")
    processing = processing_of(parameters)
    if not processing.is_plain and not processing.content_type.startswith(
        ("text/csv", "application/json")
    ):
        raise invalid("DataProcessing needs the ContentType text/csv or application/jsonlines.")
