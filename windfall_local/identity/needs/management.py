"""Systems Manager, CloudWatch Logs, CloudWatch, X-Ray and Service Quotas."""

from __future__ import annotations

from typing import Any

from windfall_local.identity.needs.need import Need, Scene, key

# --- Systems Manager's parameters ---------------------------------------------------------------

_BY_NAME = frozenset(
    {
        "DeleteParameter",
        "GetParameter",
        "GetParameterHistory",
        "LabelParameterVersion",
        "PutParameter",
    }
)


def ssm_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a Systems Manager operation."""
    if operation in _BY_NAME:
        return [Need(f"ssm:{operation}", _parameter(parameters["Name"], scene))]
    if operation in ("GetParameters", "DeleteParameters"):
        return [Need(f"ssm:{operation}", _parameter(name, scene)) for name in parameters["Names"]]
    if operation == "GetParametersByPath":
        keys = key("ssm:Recursive", parameters.get("Recursive", False))
        return [Need("ssm:GetParametersByPath", _parameter(parameters["Path"], scene), keys)]
    if operation == "DescribeParameters":
        return [Need("ssm:DescribeParameters")]
    if operation in ("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"):
        return [Need(f"ssm:{operation}", _parameter(parameters["ResourceId"], scene))]
    return None


def _parameter(name: str, scene: Scene) -> str:
    if name.startswith("arn:"):
        return name
    # A version or a label (`name:3`) is no part of the resource.
    return scene.arn("ssm", f"parameter/{name.partition(':')[0].lstrip('/')}")


# --- CloudWatch Logs ----------------------------------------------------------------------------

_BY_STREAM = frozenset({"DeleteLogStream", "GetLogEvents", "PutLogEvents"})
_BY_GROUP = frozenset(
    {
        "CreateLogGroup",
        "CreateLogStream",
        "DeleteLogGroup",
        "DeleteMetricFilter",
        "DeleteRetentionPolicy",
        "DeleteSubscriptionFilter",
        "DescribeLogStreams",
        "DescribeMetricFilters",
        "DescribeSubscriptionFilters",
        "FilterLogEvents",
        "ListTagsLogGroup",
        "PutMetricFilter",
        "PutRetentionPolicy",
        "PutSubscriptionFilter",
        "StartQuery",
        "TagLogGroup",
    }
)
_LOG_LISTS = frozenset(
    {
        "CreateLogDelivery",
        "DeleteLogDelivery",
        "DescribeResourcePolicies",
        "GetLogDelivery",
        "GetQueryResults",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "StopQuery",
        "UpdateLogDelivery",
    }
)


def logs_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a CloudWatch Logs operation."""
    group = parameters.get("logGroupName") or ""
    if operation in _BY_STREAM:
        stream = parameters.get("logStreamName", "")
        return [Need(f"logs:{operation}", _log_arn(scene, group, stream))]
    if operation in _BY_GROUP:
        groups = parameters.get("logGroupNames") or [group]
        return [Need(f"logs:{operation}", _log_arn(scene, name, "")) for name in groups]
    if operation == "DescribeLogGroups":
        return [Need("logs:DescribeLogGroups", _log_arn(scene, "", ""))]
    if operation in _LOG_LISTS:
        return [Need(f"logs:{operation}")]
    if operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        return [Need(f"logs:{operation}", parameters["resourceArn"])]
    return None


def _log_arn(scene: Scene, group: str, stream: str) -> str:
    if group.startswith("arn:"):
        return f"{group.removesuffix(':*')}:log-stream:{stream}"
    return scene.arn("logs", f"log-group:{group}:log-stream:{stream}")


# --- CloudWatch ---------------------------------------------------------------------------------

_METRIC_READS = frozenset(
    {
        "DescribeAlarmsForMetric",
        "GetMetricData",
        "GetMetricStatistics",
        "ListDashboards",
        "ListMetrics",
    }
)
_BY_ALARM = frozenset({"PutMetricAlarm", "SetAlarmState"})
_BY_ALARMS = frozenset(
    {"DeleteAlarms", "DescribeAlarms", "EnableAlarmActions", "DisableAlarmActions"}
)


def cloudwatch_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a CloudWatch operation."""
    if operation == "PutMetricData":
        keys = key("cloudwatch:namespace", parameters.get("Namespace"))
        return [Need("cloudwatch:PutMetricData", "*", keys)]
    if operation in _METRIC_READS:
        return [Need(f"cloudwatch:{operation}")]
    if operation in _BY_ALARM:
        arn = scene.arn("cloudwatch", f"alarm:{parameters['AlarmName']}")
        return [Need(f"cloudwatch:{operation}", arn)]
    if operation in _BY_ALARMS:
        return [
            Need(f"cloudwatch:{operation}", scene.arn("cloudwatch", f"alarm:{name}"))
            for name in parameters.get("AlarmNames") or ["*"]
        ]
    if operation in ("GetDashboard", "PutDashboard"):
        account_arn = scene.arn("cloudwatch", f"dashboard/{parameters['DashboardName']}")
        return [Need(f"cloudwatch:{operation}", account_arn.replace(f":{scene.region}:", "::"))]
    return None


# --- X-Ray and Service Quotas -------------------------------------------------------------------

_XRAY = frozenset(
    {
        "BatchGetTraces",
        "GetSamplingRules",
        "GetSamplingStatisticSummaries",
        "GetSamplingTargets",
        "GetServiceGraph",
        "GetTraceSummaries",
        "PutTelemetryRecords",
        "PutTraceSegments",
    }
)
_QUOTAS = frozenset(
    {"GetAWSDefaultServiceQuota", "GetServiceQuota", "ListServiceQuotas", "ListServices"}
)


def xray_needs(operation: str, _: dict[str, Any], __: Scene) -> list[Need] | None:
    """The permissions of an X-Ray operation."""
    return [Need(f"xray:{operation}")] if operation in _XRAY else None


def quotas_needs(operation: str, _: dict[str, Any], __: Scene) -> list[Need] | None:
    """The permissions of a Service Quotas operation."""
    return [Need(f"servicequotas:{operation}")] if operation in _QUOTAS else None
