"""The hyperparameters of the built-in XGBoost algorithm: names, types and ranges.

From the hyperparameter reference of the SageMaker Developer Guide. Defaults are XGBoost's own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from windfall_local.engines.tables.contract import UserError

Reader = Callable[[str], Any]


def _number(
    kind: type, least: float = -math.inf, most: float = math.inf, *, above: bool = False
) -> Reader:
    def read(text: str) -> Any:
        value = kind(text)
        if not (least < value if above else least <= value) or value > most:
            raise ValueError(f"it must be between {least:g} and {most:g}")
        return value

    return read


def _word(*words: str) -> Reader:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"it must be one of {', '.join(words)}")
        return text

    return read


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _json(text: str) -> str:
    json.loads(text.replace("(", "[").replace(")", "]"))
    return text


_OBJECTIVES = (
    "binary:logistic", "binary:logitraw", "binary:hinge", "count:poisson", "multi:softmax",
    "multi:softprob", "rank:pairwise", "rank:ndcg", "rank:map", "reg:squarederror",
    "reg:logistic", "reg:gamma", "reg:pseudohubererror", "reg:squaredlogerror",
    "reg:absoluteerror", "reg:tweedie", "survival:aft", "survival:cox",
)  # fmt: skip

_READERS: dict[str, Reader] = {
    "num_round": _number(int, 1),
    "alpha": _number(float, 0),
    "base_score": _number(float, 0),
    "booster": _word("gbtree", "gblinear", "dart"),
    "colsample_bylevel": _number(float, 0, 1, above=True),
    "colsample_bynode": _number(float, 0, 1, above=True),
    "colsample_bytree": _number(float, 0, 1, above=True),
    "csv_weights": _number(int, 0, 1),
    "early_stopping_rounds": _number(int, 1),
    "eta": _number(float, 0, 1),
    "eval_metric": _words,
    "gamma": _number(float, 0),
    "grow_policy": _word("depthwise", "lossguide"),
    "interaction_constraints": _json,
    "lambda": _number(float, 0),
    "lambda_bias": _number(float, 0, 1),
    "max_bin": _number(int, 0),
    "max_delta_step": _number(float, 0),
    "max_depth": _number(int, 0),
    "max_leaves": _number(int, 0),
    "min_child_weight": _number(float, 0),
    "monotone_constraints": _json,
    "normalize_type": _word("tree", "forest"),
    "nthread": _number(int, 1),
    "num_class": _number(int, 2),
    "num_parallel_tree": _number(int, 1),
    "objective": _word(*_OBJECTIVES),
    "one_drop": _number(int, 0, 1),
    "process_type": _word("default", "update"),
    "rate_drop": _number(float, 0, 1),
    "refresh_leaf": _number(int, 0, 1),
    "sample_type": _word("uniform", "weighted"),
    "scale_pos_weight": _number(float, 0, above=True),
    "seed": _number(int, -(2**31) + 1, 2**31 - 2),
    "single_precision_histogram": _word("true", "false"),
    "skip_drop": _number(float, 0, 1),
    "subsample": _number(float, 0, 1, above=True),
    "tree_method": _word("auto", "exact", "approx", "hist"),
    "tweedie_variance_power": _number(float, 1, 2, above=True),
    "updater": str,
    "verbosity": _number(int, 0, 3),
    "aft_loss_distribution": _word("normal", "logistic", "extreme"),
    "aft_loss_distribution_scale": _number(float, 0, above=True),
    "save_model_on_termination": _word("true", "false"),
    "deterministic_histogram": _word("true", "false"),
    "sampling_method": _word("uniform", "gradient_based"),
    "sketch_eps": _number(float, 0, 1, above=True),
    "predictor": _word("auto", "cpu_predictor"),
    "dsplit": _word("row", "col"),
}

_GONE = (
    "deterministic_histogram",
    "dsplit",
    "predictor",
    "save_model_on_termination",
    "single_precision_histogram",
    "sketch_eps",
)
"""Taken, and without meaning: XGBoost has dropped them, or the container alone looks at them."""
_OF_CLASSES = ("multi:softmax", "multi:softprob")


def read_hyperparameters(given: Mapping[str, str]) -> dict[str, Any]:
    """Hyperparameters as XGBoost takes them.

    Args:
        given: Texts, as SageMaker hands them over.

    Raises:
        UserError: One is missing, unknown or out of its range.
    """
    found: dict[str, Any] = {}
    for name, text in given.items():
        if name.startswith("sagemaker_"):
            continue
        read = _READERS.get(name)
        if read is None:
            raise UserError(f"Extraneous hyperparameter found: {name}.")
        try:
            found[name] = read(str(text).strip('"'))
        except ValueError as error:
            raise UserError(
                f"Hyperparameter {name}: value {text} is not allowed: {error}."
            ) from error
    if "num_round" not in found:
        raise UserError("Missing required hyperparameter: num_round.")
    if found.get("objective") in _OF_CLASSES and "num_class" not in found:
        raise UserError("Require input for parameter 'num_class' for multi-classification.")
    return {name: value for name, value in found.items() if name not in _GONE}
