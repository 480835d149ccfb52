"""What SageMaker is asked: CreateModel's and CreateTransformJob's own fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windfall.contracts.training import Algorithm
from windfall.training.files import DATA, PREDICTIONS

if TYPE_CHECKING:
    from windfall.contracts.training import TrainProfile
    from windfall.training.files import TrainingFiles
    from windfall.training.names import TrainingNames

_PAYLOAD_MEGABYTES = 5
"""The built-in XGBoost takes 6 MB at once, unless its environment says otherwise."""


def container_of(profile: TrainProfile, images: dict[Algorithm, str], data: str) -> dict[str, Any]:
    """The container that serves a model."""
    image = profile.image or images.get(profile.algorithm, images[Algorithm.XGBOOST])
    environment = {"MAX_CONTENT_LENGTH": "20971520"}
    if profile.algorithm is Algorithm.SCRIPT:
        environment = {
            "SAGEMAKER_PROGRAM": profile.entry,
            "SAGEMAKER_SUBMIT_DIRECTORY": profile.script or "",
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
        }
    return {"Image": image, "ModelDataUrl": data, "Environment": environment}


def model_request(
    names: TrainingNames, container: dict[str, Any], role_arn: str, *, isolated: bool
) -> dict[str, Any]:
    """The request for a model."""
    return {
        "ModelName": names.version,
        "ExecutionRoleArn": role_arn,
        "PrimaryContainer": container,
        "EnableNetworkIsolation": isolated,
    }


def transform_request(
    names: TrainingNames, profile: TrainProfile, files: TrainingFiles
) -> dict[str, Any]:
    """The request for the predictions of the held-out rows."""
    return {
        "TransformJobName": names.job,
        "ModelName": names.version,
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": _PAYLOAD_MEGABYTES,
        "TransformInput": {
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": files.uri(f"{DATA}held_out/"),
                }
            },
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": files.uri(PREDICTIONS),
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": profile.instance_type, "InstanceCount": 1},
    }
