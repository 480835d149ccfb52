"""What SageMaker is asked to train: CreateTrainingJob's own fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windfall.contracts.training import Algorithm

if TYPE_CHECKING:
    from windfall.contracts.training import TrainingSpec
    from windfall.training.names import TrainingNames


@dataclass(frozen=True, slots=True)
class TrainingPlace:
    """Where and as whom this stack trains.

    Attributes:
        role_arn: Whom SageMaker's containers act as.
        images: The container of each algorithm.
        region: Told to scripts, which fetch their own folder.
    """

    bucket: str
    role_arn: str
    images: dict[Algorithm, str]
    region: str


def training_request(
    spec: TrainingSpec, names: TrainingNames, place: TrainingPlace, training_uri: str
) -> dict[str, Any]:
    """The request for one training job.

    Args:
        spec: What is trained.
        names: What things are called.
        place: Where.
        training_uri: The folder with the training rows.
    """
    profile = spec.profile
    return {
        "TrainingJobName": names.job,
        "AlgorithmSpecification": {
            "TrainingImage": profile.image or place.images[profile.algorithm],
            "TrainingInputMode": "File",
        },
        "RoleArn": place.role_arn,
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": training_uri,
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{place.bucket}/{names.folder}"},
        "ResourceConfig": {
            "InstanceType": profile.instance_type,
            "InstanceCount": profile.instance_count,
            "VolumeSizeInGB": profile.volume_gigabytes,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": profile.max_seconds},
        "HyperParameters": _hyperparameters(spec, names, place),
        # A script's container fetches the script itself, so it needs the network.
        "EnableNetworkIsolation": profile.algorithm is Algorithm.XGBOOST,
    }


def _hyperparameters(
    spec: TrainingSpec, names: TrainingNames, place: TrainingPlace
) -> dict[str, str]:
    if spec.profile.algorithm is not Algorithm.SCRIPT:
        return spec.hyperparameters
    return {
        **spec.hyperparameters,
        "task": spec.task.value,
        "sagemaker_program": spec.profile.entry,
        "sagemaker_submit_directory": spec.profile.script or "",
        "sagemaker_region": place.region,
        "sagemaker_job_name": names.job,
        "sagemaker_container_log_level": "20",
    }
