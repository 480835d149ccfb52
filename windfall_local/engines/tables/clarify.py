"""The container of SageMaker Clarify: bias and explanations of a table and a model.

processing/input/config/analysis_config.json    what is asked
processing/input/data/…                         the table
processing/output/analysis.json                 the answers
processing/output/explanations_shap/out.csv     the values of each row

python -m windfall_local.engines.tables.clarify <base> [<kind> <model folder> <code folder>]
"""

from __future__ import annotations

import csv
import json
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from windfall_local.engines.tables import lifeline
from windfall_local.engines.tables.contract import USERS_FAULT, UserError
from windfall_local.engines.tables.explanations import explain
from windfall_local.engines.tables.fairness import POST_TRAINING, PRE_TRAINING, Rows, measured
from windfall_local.engines.tables.judged import Judged, Table

_ABSENT = ("pdp", "asymmetric_shapley_value", "computer_vision")
_PREDICTING = ("post_training_bias", "shap")


def main(base: Path, model: tuple[str, Path, Path] | None) -> int:
    """Analyse; the exit code.

    Args:
        base: `/opt/ml`.
        model: What serves it, its folder and its script's; None where none is asked for.
    """
    lifeline.hold_on()
    message = base / "output" / "message"
    try:
        analyse(base / "processing", model)
    except UserError as error:
        sys.stderr.write(f"Customer Error: {error}\n")
        message.write_text(f"Customer Error: {error}", encoding="utf-8")
        return USERS_FAULT
    except Exception as error:
        traceback.print_exc()
        message.write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return 1
    return 0


def analyse(base: Path, model: tuple[str, Path, Path] | None) -> None:
    """Write `analysis.json`.

    Raises:
        UserError: The configuration or the table is not what Clarify takes, or what is not here.
    """
    config = _read_config(base)
    methods = config.get("methods") or {}
    for name in methods:
        if name in _ABSENT:
            raise UserError(f"The local Clarify does not compute {name}; it works on AWS only.")
    table = Table.read(base / "input" / "data", config)
    judged = None
    if any(name in methods for name in _PREDICTING):
        if model is None:
            raise UserError("The analysis needs a predictor with a model_name or endpoint_name.")
        judged = Judged(table, config, model)
    found: dict[str, Any] = {"version": "1.0"}
    if "shap" in methods:
        assert judged is not None
        found["explanations"] = explain(judged, methods["shap"], base / "output")
    if "pre_training_bias" in methods:
        wanted = _chosen(methods["pre_training_bias"], PRE_TRAINING)
        found["pre_training_bias_metrics"] = _bias(table, None, PRE_TRAINING, wanted)
    if "post_training_bias" in methods:
        assert judged is not None
        wanted = _chosen(methods["post_training_bias"], POST_TRAINING)
        found["post_training_bias_metrics"] = _bias(table, judged.positive(), POST_TRAINING, wanted)
    text = json.dumps(found, indent=2)
    (base / "output").mkdir(parents=True, exist_ok=True)
    (base / "output" / "analysis.json").write_text(text, encoding="utf-8")


def _read_config(base: Path) -> dict[str, Any]:
    path = base / "input" / "config" / "analysis_config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError("There is no input analysis_config with analysis_config.json.") from error
    except ValueError as error:
        raise UserError(f"analysis_config.json can't be read: {error}") from error
    return config


def _chosen(asked: dict[str, Any], all_of_them: dict[str, Any]) -> list[str]:
    names = asked.get("methods", "all")
    if names in ("all", ["all"]):
        return list(all_of_them)
    unknown = set(names) - set(all_of_them)
    if unknown:
        raise UserError(f"There are no metrics {', '.join(sorted(unknown))} at this stage.")
    return sorted(names)


def _bias(
    table: Table, predicted: Any, metrics: dict[str, Any], names: list[str]
) -> dict[str, Any]:
    positive, shown = table.positive_labels()
    facets: dict[str, Any] = {}
    for name, value, mask in table.facets():
        rows = Rows(mask, positive, predicted, table.group(), table.numbers_without(name))
        facets.setdefault(name, []).append(
            {"value_or_threshold": value, "metrics": measured(rows, metrics, names)}
        )
    return {"label": table.label, "label_value_or_threshold": shown, "facets": facets}


if __name__ == "__main__":
    csv.field_size_limit(2**31 - 1)
    np.seterr(all="ignore")
    given = sys.argv[2:]
    served = (given[0], Path(given[1]), Path(given[2])) if given else None
    sys.exit(main(Path(sys.argv[1]), served))
