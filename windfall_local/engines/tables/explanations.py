"""SHAP values of a table, as Clarify writes them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from windfall_local.engines.tables.contract import UserError
from windfall_local.engines.tables.judged import Judged
from windfall_local.engines.tables.shapley import KernelShap

_BUDGET = 2048
"""Coalitions for a row beyond two a feature, where num_samples is not given."""
_AT_ONCE = 200_000
"""Cells in one request to the model: a few megabytes, which every container takes."""

_AGGREGATES: dict[str, Callable[[Any], Any]] = {
    "mean_abs": lambda values: np.abs(values).mean(axis=0),
    "median": lambda values: np.median(values, axis=0),
    "mean_sq": lambda values: (values**2).mean(axis=0),
}


def explain(judged: Judged, asked: dict[str, Any], output: Path) -> dict[str, Any]:
    """What `explanations` has; the values of each row go to `explanations_shap/out.csv`.

    Raises:
        UserError: Something is asked for that is not here.
    """
    for name in ("text_config", "image_config", "features_to_explain"):
        if asked.get(name):
            raise UserError(f"The local Clarify does not do shap.{name}; it works on AWS only.")
    aggregate = _AGGREGATES.get(asked.get("agg_method", "mean_abs"))
    if aggregate is None:
        raise UserError(f"agg_method must be one of {', '.join(_AGGREGATES)}.")
    predict = _in_parts(judged, use_logit=bool(asked.get("use_logit")))
    baseline = _baseline(judged, asked)
    budget = int(asked.get("num_samples") or 2 * baseline.shape[1] + _BUDGET)
    shap = KernelShap(predict, baseline, budget, int(asked.get("seed") or 0))
    values = np.array([shap.explain(row) for row in judged.rows])
    if asked.get("save_local_shap_values", True):
        _write_each(judged, values, predict(judged.rows), output)
    names = judged.table.features
    return {
        "kernel_shap": {
            "label0": {
                "global_shap_values": dict(zip(names, aggregate(values).tolist(), strict=True)),
                "expected_value": shap.expected,
            }
        }
    }


def _in_parts(judged: Judged, *, use_logit: bool) -> Callable[[Any], Any]:
    def predict(rows: Any) -> Any:
        count = max(1, _AT_ONCE // rows.shape[1])
        parts = [
            judged.predict(rows[begin : begin + count]) for begin in range(0, len(rows), count)
        ]
        said = np.concatenate(parts)
        return np.log(said / (1 - said)) if use_logit else said

    return predict


def _baseline(judged: Judged, asked: dict[str, Any]) -> Any:
    given = asked.get("baseline")
    if isinstance(given, str):
        raise UserError("The local Clarify takes a baseline of rows, not a URI.")
    count = len(judged.table.features)
    if given:
        rows = np.array(given, object)
        if rows.ndim != 2 or rows.shape[1] != count:
            raise UserError(f"The baseline must have rows of {count} features.")
        return rows
    try:
        numbers = judged.rows.astype(float)
    except ValueError as error:
        raise UserError("A table that is not all numbers needs a baseline.") from error
    clusters = int(asked.get("num_clusters") or 1)
    if clusters == 1:
        return numbers.mean(axis=0, keepdims=True).astype(object)
    from sklearn.cluster import KMeans  # noqa: PLC0415 - for this case only

    found = KMeans(min(clusters, len(numbers)), n_init=10, random_state=0).fit(numbers)
    return found.cluster_centers_.astype(object)


def _write_each(judged: Judged, values: Any, predictions: Any, output: Path) -> None:
    folder = output / "explanations_shap"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "out.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = judged.table.features
        writer.writerow([*(f"{name}_label0" for name in names), "predicted_label"])
        for row, prediction in zip(values.tolist(), predictions.tolist(), strict=True):
            writer.writerow([*row, prediction])
