"""Amazon SageMaker, its runtime, and Amazon ECR, where its images come from."""

from __future__ import annotations

from typing import Any

from windfall_local.identity.needs.need import Need, Scene, key, pass_role

_SERVICE = "sagemaker.amazonaws.com"

_BY_NAME = {
    "Model": ("model", "ModelName"),
    "EndpointConfig": ("endpoint-config", "EndpointConfigName"),
    "Endpoint": ("endpoint", "EndpointName"),
    "TrainingJob": ("training-job", "TrainingJobName"),
    "TransformJob": ("transform-job", "TransformJobName"),
    "ProcessingJob": ("processing-job", "ProcessingJobName"),
    "ModelPackageGroup": ("model-package-group", "ModelPackageGroupName"),
}
"""What an operation's name ends in: the kind in its ARN, and the member that names it."""
_VERBS = ("Create", "Delete", "Describe", "Stop", "Update")
_LISTS = frozenset(
    {
        "ListEndpointConfigs",
        "ListEndpoints",
        "ListModelPackageGroups",
        "ListModels",
        "ListProcessingJobs",
        "ListTrainingJobs",
        "ListTransformJobs",
    }
)
_TAGS = {"AddTags": "AddTags", "DeleteTags": "DeleteTags", "ListTags": "ListTags"}


def sagemaker_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a SageMaker operation; S3's are checked when its role reads and writes."""
    if operation in _LISTS:
        return [Need(f"sagemaker:{operation}")]
    if operation in _TAGS:
        return [Need(f"sagemaker:{operation}", parameters["ResourceArn"])]
    if operation == "UpdateEndpointWeightsAndCapacities":
        return [Need(f"sagemaker:{operation}", _arn(scene, "endpoint", parameters["EndpointName"]))]
    if "ModelPackage" in operation and "Group" not in operation:
        return _package_needs(operation, parameters, scene)
    verb = next((verb for verb in _VERBS if operation.startswith(verb)), "")
    kind, member = _BY_NAME.get(operation.removeprefix(verb), ("", ""))
    if not verb or not kind:
        return None
    arn = _arn(scene, kind, parameters[member])
    needs = [Need(f"sagemaker:{operation}", arn)]
    if kind == "endpoint" and verb in ("Create", "Update"):
        config = _arn(scene, "endpoint-config", parameters["EndpointConfigName"])
        needs.append(Need(f"sagemaker:{operation}", config))
    if verb == "Create":
        needs += _tagging(parameters, arn)
        role = parameters.get("RoleArn") or parameters.get("ExecutionRoleArn")
        needs += pass_role(role, _SERVICE)
    return needs


def runtime_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permission to ask an endpoint."""
    if operation not in ("InvokeEndpoint", "InvokeEndpointAsync"):
        return None
    arn = _arn(scene, "endpoint", parameters["EndpointName"])
    keys = key("sagemaker:TargetModel", parameters.get("TargetModel"))
    return [Need(f"sagemaker:{operation}", arn, keys)]


_PULLING = frozenset({"BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"})


def registry_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permission for a step of pulling an image; a token is for the registry as a whole."""
    if operation == "GetAuthorizationToken":
        return [Need("ecr:GetAuthorizationToken")]
    if operation not in _PULLING:
        return None
    account, name = parameters["registryId"], parameters["repositoryName"]
    return [Need(f"ecr:{operation}", f"arn:aws:ecr:{scene.region}:{account}:repository/{name}")]


def _package_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need]:
    group = parameters.get("ModelPackageGroupName")
    if operation == "CreateModelPackage":
        name = str(group or parameters.get("ModelPackageName"))
        arn = _arn(scene, "model-package-group" if group else "model-package", _own(name))
        return [Need(f"sagemaker:{operation}", arn), *_tagging(parameters, arn)]
    if operation == "ListModelPackages":
        return [Need(f"sagemaker:{operation}")]
    name = parameters.get("ModelPackageArn") or parameters["ModelPackageName"]
    return [Need(f"sagemaker:{operation}", _arn(scene, "model-package", name))]


def _tagging(parameters: dict[str, Any], arn: str) -> list[Need]:
    # Since 2024 tags at creation ask for this, too.
    return [Need("sagemaker:AddTags", arn)] if parameters.get("Tags") else []


def _own(name: str) -> str:
    return name.rpartition("/")[2]


def _arn(scene: Scene, kind: str, name: str) -> str:
    if name.startswith("arn:"):
        return name
    return scene.arn("sagemaker", f"{kind}/{name.lower()}")
