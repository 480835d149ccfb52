"""What SageMaker Clarify found: bias by column, and what each feature adds to a prediction (SHAP).

Its `analysis.json` is a document of AWS's: what is missing in it is left out, nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_STAGES = {
    "pre_training_bias_metrics": "in the data",
    "post_training_bias_metrics": "in the predictions",
}


@dataclass(frozen=True, slots=True)
class BiasFigure:
    """One metric of one group.

    Attributes:
        stage: In the data, or in the predictions.
        column: By whose values people are grouped; `group` is the value or threshold.
        value: None where it can not be computed, as `error` says.
    """

    stage: str
    column: str
    group: str
    name: str
    description: str
    value: float | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole analysis.

    Attributes:
        shap: By feature, the mean size of what it adds to a prediction, the largest first.
    """

    bias: list[BiasFigure] = field(default_factory=list)
    shap: list[tuple[str, float]] = field(default_factory=list)

    @property
    def untold(self) -> list[tuple[str, list[str], str]]:
        """Metrics that have no value, the columns that they have none for, and why."""
        found: dict[tuple[str, str], list[str]] = {}
        for one in self.bias:
            if one.value is None:
                columns = found.setdefault((one.name, one.error), [])
                columns += [one.column] if one.column not in columns else []
        return [(name, columns, error) for (name, error), columns in found.items()]


def read_explanation(body: bytes) -> Explanation:
    """Clarify's `analysis.json`."""
    document = json.loads(body)
    bias = [
        figure for key, stage in _STAGES.items() for figure in _bias(stage, document.get(key) or {})
    ]
    return Explanation(bias, _shap(document.get("explanations") or {}))


def _bias(stage: str, section: Mapping[str, Any]) -> Iterator[BiasFigure]:
    for column, groups in (section.get("facets") or {}).items():
        for group in groups:
            for metric in group.get("metrics") or []:
                value = metric.get("value")
                yield BiasFigure(
                    stage=stage,
                    column=str(column),
                    group=str(group.get("value_or_threshold", "")),
                    name=str(metric.get("name", "")),
                    description=str(metric.get("description", "")),
                    value=float(value) if isinstance(value, int | float) else None,
                    error=str(metric.get("error") or ""),
                )


def _shap(section: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The global values of the last label: of two classes, Clarify explains the positive one."""
    labels = list((section.get("kernel_shap") or {}).values())
    values = (labels[-1].get("global_shap_values") or {}) if labels else {}
    found = [(str(name), float(value)) for name, value in values.items()]
    return sorted(found, key=lambda one: -abs(one[1]))
