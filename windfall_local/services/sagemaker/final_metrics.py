"""FinalMetricDataList: the last value of every metric that a training job prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from windfall_local.services.sagemaker.records import now

_BOOSTED = re.compile(r"(train|validation)-([A-Za-z0-9_@.-]+):(-?[0-9.]+(?:[eE][-+]?[0-9]+)?)")
"""How XGBoost prints a round, and `train:auc` is what SageMaker calls it."""


class FinalMetrics:
    """Reads metrics from a log, line by line.

    Args:
        kind: What stands in the image; the built-in algorithm's metrics have names of their own.
        algorithm: AlgorithmSpecification, with the caller's MetricDefinitions.

    Attributes:
        found: By name, the last value and when it was printed.
    """

    def __init__(self, kind: str, algorithm: dict[str, Any]) -> None:
        self.found: dict[str, tuple[float, str]] = {}
        self._built_in = kind == "xgboost"
        self._definitions = [
            (one["Name"], re.compile(one["Regex"]))
            for one in algorithm.get("MetricDefinitions") or ()
        ]

    def read(self, line: str) -> None:
        """Look for metrics in a line."""
        for name, text in self._matches(line):
            try:
                self.found[name] = float(text), now()
            except ValueError:
                continue

    def _matches(self, line: str) -> Iterator[tuple[str, str]]:
        if self._built_in and line.startswith("["):
            for match in _BOOSTED.finditer(line):
                yield f"{match[1]}:{match[2]}", match[3]
        for name, pattern in self._definitions:
            found = pattern.search(line)
            if found is not None and found.groups():
                yield name, found[1]
