"""The built-in XGBoost algorithm, training as the container `sagemaker-xgboost` does."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from pyarrow import parquet

from windfall_local.engines.tables.contract import UserError, read_config
from windfall_local.engines.tables.hyperparameters import read_hyperparameters
from windfall_local.engines.tables.metrics import OwnMetrics
from windfall_local.engines.tables.numbers import (
    UnreadableNumbersError,
    delimiter_of,
    files_in,
    read_csv,
    read_libsvm,
)

_FORMATS = {
    "csv": "csv",
    "text/csv": "csv",
    "libsvm": "libsvm",
    "text/libsvm": "libsvm",
    "text/x-libsvm": "libsvm",
    "parquet": "parquet",
    "application/x-parquet": "parquet",
}
_log = logging.getLogger(__name__)


def train(base: Path) -> None:
    """Train on the channels `train` and `validation`, and leave `model/xgboost-model`.

    Raises:
        UserError: The data or the hyperparameters are not what the algorithm takes.
    """
    settings = read_hyperparameters(read_config(base, "hyperparameters"))
    channels = read_config(base, "inputdataconfig")
    if "train" not in channels:
        raise UserError("The channel 'train' is required.")
    weighted = settings.pop("csv_weights", 0) == 1
    watched = [(_channel(base, channels, "train", weighted), "train")]
    if "validation" in channels:
        watched.append((_channel(base, channels, "validation", False), "validation"))
    matrix = watched[0][0]
    _log.info("Train matrix has %s rows and %s columns", matrix.num_row(), matrix.num_col())
    booster = _boost(settings, watched)
    booster.save_model(base / "model" / "model.ubj")
    (base / "model" / "model.ubj").rename(base / "model" / "xgboost-model")


def _boost(settings: dict[str, Any], watched: list[tuple[xgb.DMatrix, str]]) -> xgb.Booster:
    rounds = settings.pop("num_round")
    patience = settings.pop("early_stopping_rounds", None)
    metrics = OwnMetrics(settings.get("eval_metric") or [], str(settings.get("objective") or ""))
    settings["eval_metric"] = metrics.native
    if not metrics.native:
        del settings["eval_metric"]
    callbacks: list[Any] = [xgb.callback.EvaluationMonitor()]
    if patience is not None:
        callbacks.append(
            xgb.callback.EarlyStopping(
                rounds=patience, data_name=watched[-1][1], maximize=metrics.maximize, save_best=True
            )
        )
    try:
        return xgb.train(
            settings,
            watched[0][0],
            rounds,
            evals=watched,
            custom_metric=metrics if metrics.own else None,
            callbacks=callbacks,
            verbose_eval=False,
        )
    except xgb.core.XGBoostError as error:
        # XGBoost tells of bad labels and parameters this way; its stack is of no use to anyone.
        raise UserError(str(error).partition("\nStack trace")[0]) from error


def _channel(base: Path, channels: dict[str, Any], name: str, weighted: bool) -> xgb.DMatrix:
    files = files_in(base / "input" / "data" / name)
    if not files:
        raise UserError(f"No data in the channel '{name}'.")
    given = str(channels[name].get("ContentType") or "libsvm")
    form = _FORMATS.get(given.partition(";")[0].strip().lower())
    if form is None:
        raise UserError(f"{given} is not an accepted ContentType: {', '.join(_FORMATS)}.")
    try:
        if form == "libsvm":
            return _from_libsvm(files)
        read = _read_csv if form == "csv" else _read_parquet
        rows = np.concatenate([read(path) for path in files])
    except (UnreadableNumbersError, ValueError) as error:
        raise UserError(f"Failed to load {form} data of the channel '{name}': {error}") from error
    first = 2 if weighted else 1
    if rows.shape[1] <= first:
        raise UserError(f"The channel '{name}' has {rows.shape[1]} columns: a label, no features.")
    if np.isnan(rows[:, 0]).any():
        raise UserError(f"The channel '{name}' has rows without a label in the first column.")
    return xgb.DMatrix(rows[:, first:], label=rows[:, 0], weight=rows[:, 1] if weighted else None)


def _read_csv(path: Path) -> Any:
    text = path.read_bytes()
    return read_csv(text, delimiter_of(text[:4096]))


def _read_parquet(path: Path) -> Any:
    columns = [column.to_numpy() for column in parquet.read_table(path).columns]
    return np.column_stack(columns).astype(np.float32)


def _from_libsvm(files: list[Path]) -> xgb.DMatrix:
    from scipy.sparse import vstack  # noqa: PLC0415 - CSV does not need it

    parts = [read_libsvm(path.read_bytes()) for path in files]
    width = max(matrix.shape[1] for matrix, _ in parts)
    for matrix, _ in parts:
        matrix.resize(matrix.shape[0], width)
    return xgb.DMatrix(
        vstack([matrix for matrix, _ in parts]).tocsr(),
        label=np.concatenate([label for _, label in parts]),
    )
