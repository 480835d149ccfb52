"""Metrics of containers, put with the permissions of their role."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError

_log = logging.getLogger(__name__)


async def put_metrics(
    cloud: Cloud,
    namespace: str,
    dimensions: Mapping[str, str],
    data: Iterable[Mapping[str, Any]],
    principal: Principal,
) -> None:
    """Put metrics into CloudWatch; they are missing, and no more, where the role may not.

    Args:
        cloud: Has CloudWatch.
        namespace: `/aws/sagemaker/…`.
        dimensions: What the metrics are of.
        data: Entries of PutMetricData, without dimensions.
        principal: As whom.
    """
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    entries = [{**one, "Dimensions": named} for one in data]
    if not entries:
        return
    parameters = {"Namespace": namespace, "MetricData": entries}
    try:
        await cloud.call("cloudwatch", "PutMetricData", parameters, principal)
    except ServiceError as error:
        _log.warning("No metrics of %s: %s", dimensions, error)
