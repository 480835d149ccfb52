"""Models of tables for tests: small, real, packed as SageMaker wants them."""

from __future__ import annotations

import io
import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import xgboost as xgb

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
SCIKIT_LEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2"
TRITON = "785573368785.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tritonserver:24.09-py3"

SUMS = """
class Sums:
    def predict(self, rows):
        return rows.sum(axis=1)

def model_fn(model_dir):
    return Sums()
"""
"""A script that serves a model which adds up each row."""


def archive(**files: str | bytes) -> bytes:
    """A `.tar.gz`; `__` in a name is `/`, and `_dot_` is a dot."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as opened:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            data = content.encode() if isinstance(content, str) else content
            member.size = len(data)
            opened.addfile(member, io.BytesIO(data))
    return written.getvalue()


def script(source: str = SUMS) -> bytes:
    """A model archive with a script in it."""
    return archive(code__inference_dot_py=source)


def rows(count: int = 400, width: int = 4) -> Any:
    """A table of numbers between 0 and 1, the same each time."""
    return np.random.default_rng(7).random((count, width), np.float32)


def csv(matrix: Any) -> bytes:
    """Numbers as text."""
    return "\n".join(",".join(map(str, row)) for row in matrix.tolist()).encode()


@cache
def booster(objective: str = "binary:logistic", width: int = 4) -> xgb.Booster:
    """A model that tells whether the first two columns add up to more than 1."""
    matrix = rows(width=width)
    label = (matrix[:, 0] + matrix[:, 1] > 1).astype(int)
    parameters: dict[str, Any] = {"objective": objective, "nthread": 1, "max_depth": 3}
    if objective.startswith("multi:"):
        label = label + (matrix[:, 2] > 0.5)
        parameters["num_class"] = 3
    return xgb.train(parameters, xgb.DMatrix(matrix, label=label), 10)


@cache
def boosted(objective: str = "binary:logistic") -> bytes:
    """That model as the built-in algorithm leaves it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.ubj")
        booster(objective).save_model(path)
        return archive(**{"xgboost-model": path.read_bytes()})
