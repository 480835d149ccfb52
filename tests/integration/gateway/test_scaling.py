"""Who has endpoints scaled needs what scaling takes, and the first one makes the scaler's role."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

OWN = {"Effect": "Allow", "Action": ["application-autoscaling:*"], "Resource": "*"}
ENDPOINTS = {
    "Effect": "Allow",
    "Action": [
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
    ],
    "Resource": "*",
}
ALARMS = {
    "Effect": "Allow",
    "Action": ["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms"],
    "Resource": "*",
}
MAKE_ROLE = {
    "Effect": "Allow",
    "Action": "iam:CreateServiceLinkedRole",
    "Resource": "arn:aws:iam::*:role/aws-service-role/*",
    "Condition": {
        "StringLike": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}
    },
}


def target(endpoint: str) -> dict[str, Any]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/main",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def following() -> dict[str, Any]:
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    configuration = {"TargetValue": 5.0, "PredefinedMetricSpecification": metric}
    return {
        "PolicyName": "follow",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": configuration,
    }


def register(scaling: Any, endpoint: str) -> None:
    scaling.register_scalable_target(**target(endpoint), MinCapacity=0, MaxCapacity=2)


@pytest.mark.parametrize("missing", ENDPOINTS["Action"])
def test_an_endpoint_is_scaled_for_who_may_do_it(client: Any, role: Any, missing: str) -> None:
    denied = {"Effect": "Deny", "Action": missing, "Resource": "*"}
    scaling = client("application-autoscaling", role(OWN, ENDPOINTS, MAKE_ROLE, denied))
    with pytest.raises(ClientError, match=missing) as caught:
        register(scaling, f"e-{uuid.uuid4().hex}")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_configuration_is_tried_under_a_name_of_nobody(client: Any, role: Any) -> None:
    named = {**ENDPOINTS, "Resource": "arn:aws:sagemaker:*:*:endpoint*/windfall-*"}
    scaling = client("application-autoscaling", role(OWN, named, MAKE_ROLE))
    with pytest.raises(ClientError, match="sagemaker:DescribeEndpointConfig"):
        register(scaling, "windfall-e")


def test_a_metric_is_followed_for_who_may_have_alarms(client: Any, role: Any) -> None:
    endpoint = f"e-{uuid.uuid4().hex}"
    scaling = client("application-autoscaling", role(OWN, ENDPOINTS, MAKE_ROLE))
    register(scaling, endpoint)
    with pytest.raises(ClientError, match="cloudwatch:PutMetricAlarm") as caught:
        scaling.put_scaling_policy(**target(endpoint), **following())
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    allowed = client("application-autoscaling", role(OWN, ALARMS))
    assert allowed.put_scaling_policy(**target(endpoint), **following())["PolicyARN"]


def test_the_first_who_has_an_endpoint_scaled_makes_the_scalers_role(
    client: Any, role: Any
) -> None:
    iam = client("iam")
    for made in linked_roles(iam):
        iam.delete_role(RoleName=made)
    without = client("application-autoscaling", role(OWN, ENDPOINTS))
    with pytest.raises(ClientError, match="iam:CreateServiceLinkedRole") as caught:
        register(without, "e")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    register(client("application-autoscaling", role(OWN, ENDPOINTS, MAKE_ROLE)), "e")
    assert len(linked_roles(iam)) == 1
    register(without, "e")


def linked_roles(iam: Any) -> list[str]:
    path = "/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    return [role["RoleName"] for role in iam.list_roles(PathPrefix=path)["Roles"]]
