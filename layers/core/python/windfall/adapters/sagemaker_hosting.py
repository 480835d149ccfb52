"""Amazon SageMaker's endpoints: made, changed, and scaled to nothing while nobody asks."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client, store_client
from windfall.adapters.sagemaker_models import refusals, unless_it_exists
from windfall.contracts.jobs import Completion
from windfall.errors import InvalidInputError, NotFoundError, TransientError

_TURNING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})
_BROKEN = frozenset({"Failed", "OutOfService", "UpdateRollbackFailed"})
_ABSENT = frozenset({"ValidationException", "ResourceNotFound"})


class SageMakerHosting:
    """Endpoints by their names, configurations by theirs."""

    def deploy(self, endpoint: str, configuration: dict[str, Any]) -> str:
        """Have an endpoint serve a configuration; the handle is the endpoint's name."""
        name = configuration["EndpointConfigName"]
        unless_it_exists(lambda client: client.create_endpoint_config(**configuration))
        found = self._described(endpoint)
        if found is None:
            unless_it_exists(
                lambda client: client.create_endpoint(
                    EndpointName=endpoint, EndpointConfigName=name
                )
            )
        elif found["EndpointConfigName"] != name:
            self._update(endpoint, name, found["EndpointStatus"])
        return endpoint

    def _update(self, endpoint: str, name: str, status: str) -> None:
        if status in _TURNING:
            raise TransientError(f"The endpoint {endpoint} is {status}; it is changed then.")
        if status in _BROKEN:
            raise InvalidInputError(
                f"The endpoint {endpoint} is {status}: delete it, and try again."
            )
        with refusals():
            ai_client("sagemaker").update_endpoint(EndpointName=endpoint, EndpointConfigName=name)

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """How the deployment of a configuration ended; None while the endpoint turns to it."""
        endpoint = handle or ""
        found = self._described(endpoint)
        if found is None:
            reason = f"The endpoint {endpoint} vanished."
            return Completion(error=NotFoundError.__name__, reason=reason)
        status, served = found["EndpointStatus"], found["EndpointConfigName"]
        if status in _TURNING:
            return None
        if status == "InService" and served == name:
            return Completion(result={"endpoint": endpoint, "configuration": name})
        reason = found.get("FailureReason") or f"The endpoint {endpoint} is {status} with {served}."
        return Completion(error=InvalidInputError.__name__, reason=reason)

    def scale_to_zero(self, endpoint: str, variant: str, most: int) -> None:
        """Follow the backlog for each instance, down to none; wake the first by an alarm.

        Without an instance there is no backlog for each, so the first one needs a rule of its own
        (Amazon SageMaker's guide, "Autoscale an asynchronous endpoint").
        """
        client = store_client("application-autoscaling")
        target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        with refusals():
            client.register_scalable_target(**target, MinCapacity=0, MaxCapacity=most)
            client.put_scaling_policy(**target, **_following(endpoint))
            woken = client.put_scaling_policy(**target, **_WAKING)
            store_client("cloudwatch").put_metric_alarm(**alarm_of(endpoint, woken["PolicyARN"]))

    def _described(self, endpoint: str) -> dict[str, Any] | None:
        with translated_errors():
            try:
                found: dict[str, Any] = ai_client("sagemaker").describe_endpoint(
                    EndpointName=endpoint
                )
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    return None
                raise
        return found


def _following(endpoint: str) -> dict[str, Any]:
    return {
        "PolicyName": "backlog",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 5.0,
            "CustomizedMetricSpecification": {
                "MetricName": "ApproximateBacklogSizePerInstance",
                "Namespace": "AWS/SageMaker",
                "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
                "Statistic": "Average",
            },
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 120,
        },
    }


_WAKING: dict[str, Any] = {
    "PolicyName": "wake",
    "PolicyType": "StepScaling",
    "StepScalingPolicyConfiguration": {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": 300,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
    },
}


def alarm_of(endpoint: str, policy_arn: str) -> dict[str, Any]:
    """The alarm that calls an endpoint's first instance when something waits."""
    return {
        "AlarmName": f"{endpoint}-wake",
        "AlarmDescription": "Requests wait and no instance runs; calls the first one.",
        "Namespace": "AWS/SageMaker",
        "MetricName": "HasBacklogWithoutCapacity",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
        "AlarmActions": [policy_arn],
    }
