"""What the registry is told of a model: CreateModelPackage's own fields."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from windfall.contracts.training import Algorithm

if TYPE_CHECKING:
    from windfall.contracts.training import TrainingSpec
    from windfall.training.names import TrainingNames


def package_request(
    spec: TrainingSpec,
    names: TrainingNames,
    images: dict[Algorithm, str],
    *,
    data: str,
    metrics: str,
    contract: str,
) -> dict[str, Any]:
    """The request for a version of a model.

    Args:
        spec: What was trained.
        names: What the model is called.
        images: The container of each algorithm.
        data: Where the model lies.
        metrics: Where its evaluation lies.
        contract: Where its input contract lies.
    """
    profile = spec.profile
    image = profile.image or images.get(profile.algorithm, images[Algorithm.XGBOOST])
    container: dict[str, Any] = {"Image": image, "ModelDataUrl": data}
    if profile.algorithm is Algorithm.SCRIPT:
        container["Environment"] = {
            "SAGEMAKER_PROGRAM": profile.entry,
            "SAGEMAKER_SUBMIT_DIRECTORY": profile.script or "",
        }
    is_deployed = profile.deploy.mode != "none"
    return {
        "ModelPackageGroupName": names.endpoint,
        "ModelPackageDescription": f"{spec.task.value}: {spec.target}",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
            "SupportedTransformInstanceTypes": [profile.instance_type],
            "SupportedRealtimeInferenceInstanceTypes": [profile.deploy.instance_type],
        },
        "ModelMetrics": {
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": metrics}}
        },
        "CustomerMetadataProperties": {
            "windfall:model": names.version,
            "windfall:contract": contract,
        },
        # Who has it deployed at once has approved it; otherwise somebody decides.
        "ModelApprovalStatus": "Approved" if is_deployed else "PendingManualApproval",
        "ClientToken": hashlib.sha256(names.version.encode()).hexdigest()[:32],
    }
