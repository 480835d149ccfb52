"""What CloudWatch is told of the queues of asynchronous endpoints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError

_NAMESPACE = "AWS/SageMaker"
_PAUSE = 1.0
"""Seconds in which changes of a queue become one report."""

_log = logging.getLogger(__name__)


class BacklogMetrics:
    """Reports how many requests wait at each endpoint, soon after that has changed.

    Args:
        cloud: Has CloudWatch.
        count: The requests of an endpoint that have not ended.
    """

    def __init__(self, cloud: Cloud, count: Callable[[str], int]) -> None:
        self._cloud = cloud
        self._count = count
        self._reporting: dict[str, asyncio.Task[None]] = {}

    def note(self, endpoint: str) -> None:
        """The queue of an endpoint has changed."""
        if endpoint not in self._reporting:
            self._reporting[endpoint] = asyncio.create_task(self._report(endpoint))

    async def close(self) -> None:
        """Report no more."""
        tasks = list(self._reporting.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _report(self, endpoint: str) -> None:
        await asyncio.sleep(_PAUSE)
        del self._reporting[endpoint]
        size = self._count(endpoint)
        dimensions = [{"Name": "EndpointName", "Value": endpoint}]
        values: dict[str, Any] = {
            "ApproximateBacklogSize": size,
            # There is one container, and it starts when it is needed.
            "ApproximateBacklogSizePerInstance": size,
            "HasBacklogWithoutCapacity": 0,
        }
        data = [
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": "Count"}
            for name, value in values.items()
        ]
        try:
            await self._cloud.call(
                "cloudwatch",
                "PutMetricData",
                {"Namespace": _NAMESPACE, "MetricData": data},
                Principal.root(),
            )
        except ServiceError as error:
            _log.warning("No metrics of %s: %s", endpoint, error)
