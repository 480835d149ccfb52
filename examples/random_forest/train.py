"""A random forest on a table: a script for SageMaker's scikit-learn container, and the local one.

Training reads `train/train.csv`, whose first column is the label (a class's place, or a number)
and whose other columns stand as they are in the table. The categories are learnt here. Asked about
rows without a header, the model answers a line for each: the chance of the second class, each
class's chance, or a number.
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder


def train(table: pd.DataFrame, options: argparse.Namespace) -> dict[str, Any]:
    """Learn from a table: the forest, and the columns that it was grown on."""
    label, *columns = table.columns
    texts = [name for name in columns if not pd.api.types.is_numeric_dtype(table[name])]
    numbers = [name for name in columns if name not in texts]
    encode = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=""), OneHotEncoder(handle_unknown="ignore")
    )
    forest = RandomForestRegressor if options.task == "regression" else RandomForestClassifier
    pipeline = Pipeline(
        [
            (
                "cells",
                ColumnTransformer(
                    [("texts", encode, texts), ("numbers", SimpleImputer(), numbers)]
                ),
            ),
            (
                "forest",
                forest(
                    n_estimators=options.n_estimators,
                    max_depth=options.max_depth,
                    min_samples_leaf=options.min_samples_leaf,
                    random_state=options.random_state,
                    n_jobs=-1,
                ),
            ),
        ]
    )
    pipeline.fit(_typed(table[columns], texts), table[label])
    return {"pipeline": pipeline, "columns": columns, "texts": texts, "task": options.task}


def _typed(table: pd.DataFrame, texts: list[str]) -> pd.DataFrame:
    """Texts are texts though all of a batch look like numbers; what is missing stays missing."""
    cells = table.copy()
    for name in texts:
        cells[name] = cells[name].where(cells[name].isna(), cells[name].astype(str)).astype(object)
    return cells


def model_fn(model_dir: str) -> dict[str, Any]:
    """The model that `train` left."""
    loaded: dict[str, Any] = joblib.load(Path(model_dir) / "model.joblib")
    return loaded


def input_fn(body: str | bytes, content_type: str) -> pd.DataFrame:
    """Rows of CSV without a header, be it a single one."""
    if content_type.partition(";")[0] != "text/csv":
        raise ValueError(f"{content_type} is not text/csv")
    text = body.decode() if isinstance(body, bytes) else body
    return pd.read_csv(io.StringIO(text), header=None)


def predict_fn(rows: pd.DataFrame, model: dict[str, Any]) -> Any:
    """What the forest says of the rows."""
    rows.columns = pd.Index(model["columns"])
    cells, pipeline = _typed(rows, model["texts"]), model["pipeline"]
    if model["task"] == "regression":
        return pipeline.predict(cells)
    chances = pipeline.predict_proba(cells)
    return chances[:, 1] if model["task"] == "binary" else chances


def output_fn(predictions: Any, accept: str) -> str:
    """A line for each row."""
    del accept
    return str(pd.DataFrame(predictions).to_csv(header=False, index=False))


def main() -> None:
    """Train, as SageMaker calls it: hyperparameters are options, channels are folders."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", default="binary")
    parser.add_argument("--n_estimators", type=int, default=200)
    parser.add_argument("--max_depth", type=int, default=None)
    parser.add_argument("--min_samples_leaf", type=int, default=5)
    parser.add_argument("--random_state", type=int, default=0)
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "model"))
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN", "train"))
    options, _ = parser.parse_known_args()
    table = pd.read_csv(Path(options.train) / "train.csv")
    joblib.dump(train(table, options), Path(options.model_dir) / "model.joblib")


if __name__ == "__main__":
    main()
