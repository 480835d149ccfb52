"""XGBoost models in a folder, as the built-in algorithm leaves them."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

_MANY = 1_000
"""Rows from which on several threads predict."""


class ModelError(Exception):
    """There is no model that can be loaded."""


class Boosters:
    """Every model of a folder; several (of a cross-validation) answer with their mean.

    Args:
        folder: `/opt/ml/model`.

    Raises:
        ModelError: There is none, or one that is none.
    """

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        if not files:
            raise ModelError(f"There is no model in {folder}.")
        self._boosters = [_load(path) for path in files]
        self._threads = 0
        config = json.loads(self._boosters[0].save_config())["learner"]
        self.objective: str = config["objective"]["name"]
        self.classes = int(config["learner_model_param"]["num_class"])

    @property
    def width(self) -> int:
        """Columns that the model was trained with."""
        return int(self._boosters[0].num_features())

    def predict(self, matrix: xgb.DMatrix) -> Any:
        """A number for each row, or a row of numbers: one a class."""
        # A few rows are done before a second thread wakes up.
        self._use(1 if matrix.num_row() < _MANY else os.cpu_count() or 1)
        answers = [
            booster.predict(matrix, iteration_range=_rounds(booster), validate_features=False)
            for booster in self._boosters
        ]
        return answers[0] if len(answers) == 1 else np.mean(answers, axis=0)

    def _use(self, threads: int) -> None:
        if threads != self._threads:
            self._threads = threads
            for booster in self._boosters:
                booster.set_param({"nthread": threads})


def _load(path: Path) -> xgb.Booster:
    booster = xgb.Booster()
    try:
        # From memory: of a file it would tell the format by the name, and warn that it can't.
        booster.load_model(bytearray(path.read_bytes()))
    except xgb.core.XGBoostError as error:
        # Containers before 1.3 left a pickle; it is the user's own file.
        try:
            booster = pickle.loads(path.read_bytes())
        except Exception as unreadable:
            raise ModelError(f"Model at {path.name} cannot be loaded: {error}") from unreadable
    return booster


def _rounds(booster: xgb.Booster) -> tuple[int, int]:
    """The rounds to ask: up to the best, where training stopped early."""
    best = booster.attr("best_iteration")
    return (0, int(best) + 1) if best is not None else (0, 0)
