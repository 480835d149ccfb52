"""Application Auto Scaling, which tries first what its caller may do with what is to be scaled.

It sends the target's service and CloudWatch requests that can have no effect, in the caller's name,
and refuses when one is denied (its guide, "Permissions validation"). Endpoint configurations are
tried under a random name (aws-controllers-k8s/community issue 2110).
"""

from __future__ import annotations

from typing import Any

from windfall_local.api import ACCOUNT
from windfall_local.identity.needs.need import Need, Scene, key

LINKED_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
"""As whom endpoints are scaled, by a service-linked role."""

_ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{LINKED_SERVICE}/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
_OPERATIONS = frozenset(
    {
        "DeleteScalingPolicy",
        "DeregisterScalableTarget",
        "DescribeScalableTargets",
        "DescribeScalingPolicies",
        "PutScalingPolicy",
        "RegisterScalableTarget",
    }
)
_PROBE = "00000000-0000-4000-8000-000000000000"
"""A name that nothing has. It is random on AWS."""
_LACKING = "ValidationException"


def scaling_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of an operation on scalable targets; they have no names of their own."""
    if operation not in _OPERATIONS:
        return None
    if operation.startswith("Describe"):
        return [Need(f"application-autoscaling:{operation}")]
    target = scene.arn("application-autoscaling", "scalable-target/*")
    namespace = parameters["ServiceNamespace"]
    keys = key("application-autoscaling:service-namespace", namespace)
    needs = [Need(f"application-autoscaling:{operation}", target, keys)]
    if operation == "RegisterScalableTarget" and namespace == "sagemaker":
        needs += _of_endpoint(parameters["ResourceId"], scene)
    if parameters.get("PolicyType") == "TargetTrackingScaling":
        needs += _of_alarms(scene)
    return needs


def _of_endpoint(resource: str, scene: Scene) -> list[Need]:
    endpoint = scene.arn("sagemaker", "/".join(resource.split("/")[:2]))
    config = scene.arn("sagemaker", f"endpoint-config/{_PROBE}")
    tried = {
        "DescribeEndpoint": endpoint,
        "DescribeEndpointConfig": config,
        "UpdateEndpointWeightsAndCapacities": endpoint,
    }
    needs = [Need(f"sagemaker:{action}", arn, {}, _LACKING) for action, arn in tried.items()]
    if not scene.has_linked_role(LINKED_SERVICE):
        keys = key("iam:AWSServiceName", LINKED_SERVICE)
        needs.append(Need("iam:CreateServiceLinkedRole", _ROLE, keys))
    return needs


def _of_alarms(scene: Scene) -> list[Need]:
    nameless = scene.arn("cloudwatch", "alarm:")
    return [
        Need(f"cloudwatch:{action}", nameless, {}, _LACKING)
        for action in ("PutMetricAlarm", "DescribeAlarms", "DeleteAlarms")
    ]
