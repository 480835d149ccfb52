"""Logger, tracer and measurements, set up once for every function.

Nothing that a file contains is logged, and no metadata, text or raw answer: identities, formats,
counts and reasons are. Keys of objects are logged, since without them nobody finds a file.
"""

from __future__ import annotations

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from windfall.tracing import tracer

__all__ = ["CloudWatchMeasurements", "logger", "tracer"]

logger = Logger(use_rfc3339=True)


class CloudWatchMeasurements:
    """Metrics in CloudWatch's embedded format: lines of the log, no call to pay or wait for.

    The namespace and the service come from `POWERTOOLS_METRICS_NAMESPACE` and
    `POWERTOOLS_SERVICE_NAME`.
    """

    def file_ended(self, kind: str, status: str) -> None:
        """Count a file by kind and status."""
        with single_metric("Files", MetricUnit.Count, 1) as metric:
            metric.add_dimension("Kind", kind)
            metric.add_dimension("Status", status)

    def feature_ended(self, feature: str, status: str) -> None:
        """Count a feature by name and status; `translation.es` counts as `translation`."""
        with single_metric("Features", MetricUnit.Count, 1) as metric:
            metric.add_dimension("Feature", feature.split(".", 1)[0])
            metric.add_dimension("Status", status)

    def slots_counted(self, service: str, held: int, awaited: int, drift: int) -> None:
        """Note how many slots of a service are held and awaited, and what does not match."""
        for name, count in {"SlotsHeld": held, "SlotsAwaited": awaited}.items():
            with single_metric(name, MetricUnit.Count, count) as metric:
                metric.add_dimension("Quota", service)
        with single_metric("SlotDrift", MetricUnit.Count, drift):
            pass  # one alarm watches all of them

    def insight_took(self, kind: str, seconds: float) -> None:
        """Note how long a file took."""
        with single_metric("SecondsToInsight", MetricUnit.Seconds, seconds) as metric:
            metric.add_dimension("Kind", kind)
