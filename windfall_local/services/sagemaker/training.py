"""CreateTrainingJob and its kin."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, Cloud
from windfall_local.services.sagemaker import listing
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.containers import check_role
from windfall_local.services.sagemaker.images import read_working_image
from windfall_local.services.sagemaker.jobs import Jobs, has_ended, head, picked
from windfall_local.services.sagemaker.objects import read_uri
from windfall_local.services.sagemaker.records import Document, moment
from windfall_local.services.sagemaker.trainer import DAY
from windfall_local.services.sagemaker.wording import arn_of, in_use, invalid, refuse

Answer = dict[str, Any]

QUOTA = "training jobs in progress"
_ECHOED = (
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "CheckpointConfig",
    "Environment",
    "ExperimentConfig",
)
_FLAGS = (
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
)
_REFUSED = (
    "DebugRuleConfigurations",
    "TensorBoardOutputConfig",
    "ProfilerRuleConfigurations",
    "RetryStrategy",
    "SessionChainingConfig",
    "ServerlessJobConfig",
    "MlflowConfig",
    "ModelPackageConfig",
)


class TrainingOperations:
    """Training jobs."""

    _cloud: Cloud
    _training: Jobs

    async def create_training_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Accept a job."""
        check_constraints("sagemaker", "CreateTrainingJob", parameters)
        _check(parameters)
        name = parameters["TrainingJobName"]
        arn = arn_of(self._cloud.region, "training-job", name)
        await check_role(self._cloud, parameters["RoleArn"])
        # From here on nothing is awaited: a name is given once.
        if name in self._training.records:
            raise in_use(
                "Training job names must be unique within an AWS account and region, and a "
                f"training job with this name already exists ({arn})"
            )
        await self._training.accept(name, request=parameters, arn=arn)
        return {"TrainingJobArn": arn}

    async def describe_training_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Where a job stands."""
        return described(self._training_job(parameters))

    async def list_training_jobs(self, parameters: Answer, context: CallContext) -> Answer:
        """Jobs, the latest first."""
        return listing.page(self._training.records, parameters, "TrainingJobSummaries", _summary)

    async def stop_training_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Have a job stop; what it left of a model is kept."""
        await self._training.stop(self._training_job(parameters), "training")
        return {}

    async def delete_training_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a job that has ended; the model stays in its bucket."""
        job = self._training_job(parameters)
        if not has_ended(job):
            raise in_use(f"The training job {job['arn']} is in status {job['status']}.")
        self._training.records.delete(job["name"])
        return {}

    def _training_job(self, parameters: Answer) -> Document:
        job = self._training.records.get(parameters["TrainingJobName"])
        if job is None:
            raise invalid("Requested resource not found.")
        return job


def described(job: Document) -> Answer:
    """The answer of DescribeTrainingJob."""
    request = job["request"]
    output = read_uri(request["OutputDataConfig"]["S3OutputPath"])
    artifacts = job.get("model") or output.below(f"{job['name']}/output/model.tar.gz").uri
    answer: Answer = {
        **head(job, "Training"),
        "ModelArtifacts": {"S3ModelArtifacts": artifacts},
        "SecondaryStatus": job["secondary"],
        "StoppingCondition": {"MaxRuntimeInSeconds": DAY},
        **picked(request, _ECHOED),
        **{flag: bool(request.get(flag)) for flag in _FLAGS},
        "LastModifiedTime": moment(job["modified"]),
        "SecondaryStatusTransitions": [
            {key: moment(at) if key != "Status" else at for key, at in one.items()}
            for one in job["transitions"]
        ],
    }
    if job.get("started") and job.get("ended"):
        seconds = (moment(job["ended"]) - moment(job["started"])).total_seconds()
        answer["TrainingTimeInSeconds"] = answer["BillableTimeInSeconds"] = max(1, round(seconds))
    if job.get("metrics"):
        answer["FinalMetricDataList"] = [
            {"MetricName": name, "Value": value, "Timestamp": moment(at)}
            for name, (value, at) in list(job["metrics"].items())[:40]
        ]
    return answer


def _summary(job: Document) -> Answer:
    summary = {
        "TrainingJobName": job["name"],
        "TrainingJobArn": job["arn"],
        "CreationTime": moment(job["created"]),
        "LastModifiedTime": moment(job["modified"]),
        "TrainingJobStatus": job["status"],
        "SecondaryStatus": job["secondary"],
    }
    return {**summary, "TrainingEndTime": moment(job["ended"])} if job.get("ended") else summary


def _check(parameters: Answer) -> None:
    refuse(parameters, *_REFUSED)
    algorithm = parameters.get("AlgorithmSpecification") or {}
    refuse(algorithm, "AlgorithmName", "ContainerEntrypoint", "ContainerArguments")
    read_working_image(algorithm.get("TrainingImage"))
    if algorithm.get("TrainingInputMode") == "Pipe":
        refuse({"TrainingInputMode Pipe": True}, "TrainingInputMode Pipe")
    resources = parameters.get("ResourceConfig") or {}
    refuse(resources, "InstanceGroups", "InstancePreferences", "TrainingPlanArn")
    if not resources.get("InstanceType"):
        raise invalid("ResourceConfig needs an InstanceType and an InstanceCount.")
    if resources.get("InstanceCount", 1) > 1:
        refuse({"training on several instances": True}, "training on several instances")
    if parameters.get("CheckpointConfig"):
        refuse(parameters, "CheckpointConfig")
    for channel in parameters.get("InputDataConfig") or ():
        _check_channel(channel)
    read_uri(parameters["OutputDataConfig"]["S3OutputPath"])


def _check_channel(channel: Answer) -> None:
    refuse(channel, "ShuffleConfig")
    source = channel["DataSource"]
    refuse(source, "FileSystemDataSource", "DatasetSource")
    if "S3DataSource" not in source:
        raise invalid(f"The channel {channel['ChannelName']} has no S3DataSource.")
    if channel.get("InputMode") == "Pipe":
        refuse({"InputMode Pipe": True}, "InputMode Pipe")
    if channel.get("RecordWrapperType") == "RecordIO":
        refuse(channel, "RecordWrapperType")
    if channel.get("CompressionType") == "Gzip":
        raise invalid("CompressionType Gzip can be used in Pipe mode only.")
    kind = source["S3DataSource"]["S3DataType"]
    if kind not in ("S3Prefix", "ManifestFile"):
        refuse({f"S3DataType {kind}": True}, f"S3DataType {kind}")
    read_uri(source["S3DataSource"]["S3Uri"])
