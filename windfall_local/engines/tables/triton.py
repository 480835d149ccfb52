"""ONNX models, answering as Triton Inference Server does in SageMaker.

A model lies in a repository of models: `<name>/<version>/model.onnx`. A request and its answer are
the JSON of the KServe V2 protocol: tensors with a name, a shape, a type and flat data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from windfall_local.engines.tables.invocations import Invocation, RefusedError, Reply

_TYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    "BYTES": np.object_,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
}
_NAMES = {np.dtype(kind): name for name, kind in _TYPES.items()}
_BINARY = "application/vnd.sagemaker-triton.binary+json"
_JSON = "application/json"


class RepositoryError(Exception):
    """The repository has no model that can be served."""


class TritonServer:
    """A container with one ONNX model.

    Args:
        folder: The repository.
        environment: The container's variables; one may name the model.

    Raises:
        RepositoryError: There is no model of this name, or none in ONNX.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._name = _model_name(folder, environment.get("SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"))
        self._version, path = _newest(folder / self._name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() or 1
        self._session = onnxruntime.InferenceSession(path, options)
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._outputs = [one.name for one in self._session.get_outputs()]

    def answer(self, invocation: Invocation) -> Reply:
        """Predict.

        Raises:
            RefusedError: 400, the tensors are not what the model takes.
        """
        if invocation.media_type == _BINARY:
            raise RefusedError(
                400, f"The local Triton reads and writes JSON, not the binary form {_BINARY}."
            )
        asked = _read(invocation.body)
        wanted = [str(one["name"]) for one in asked.get("outputs") or ()] or self._outputs
        unknown = set(wanted) - set(self._outputs)
        if unknown:
            raise RefusedError(400, f"unexpected inference output '{unknown.pop()}'")
        tensors = dict(_tensor(one) for one in asked.get("inputs") or ())
        if set(tensors) != self._inputs:
            raise RefusedError(
                400,
                f"expected the inputs {sorted(self._inputs)}, got {sorted(tensors)} for model "
                f"'{self._name}'",
            )
        try:
            found = self._session.run(wanted, tensors)
        except Exception as error:  # onnxruntime has no class for what the caller did wrong
            raise RefusedError(400, f"onnx runtime error: {error}") from error
        answer = {
            **({"id": asked["id"]} if "id" in asked else {}),
            "model_name": self._name,
            "model_version": self._version,
            "outputs": [_written(name, array) for name, array in zip(wanted, found, strict=True)],
        }
        return Reply(200, _JSON, [json.dumps(answer).encode()])


def _model_name(folder: Path, wanted: str | None) -> str:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if wanted is not None and wanted not in names:
        raise RepositoryError(f"There is no model {wanted} in the repository.")
    if wanted is None and len(names) != 1:
        raise RepositoryError(
            f"The repository has the models {names}: name one in "
            "SAGEMAKER_TRITON_DEFAULT_MODEL_NAME."
        )
    return wanted or names[0]


def _newest(folder: Path) -> tuple[str, Path]:
    versions = sorted(
        (path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()),
        key=lambda path: int(path.name),
    )
    if not versions or not (versions[-1] / "model.onnx").exists():
        raise RepositoryError(
            f"There is no {folder.name}/<version>/model.onnx; the local Triton has no backend but "
            "ONNX."
        )
    return versions[-1].name, versions[-1] / "model.onnx"


def _read(body: Path) -> dict[str, Any]:
    try:
        asked = json.loads(body.read_bytes())
    except ValueError as error:
        raise RefusedError(400, f"failed to parse the request JSON buffer: {error}") from error
    if not isinstance(asked, dict):
        raise RefusedError(400, "the request must be a JSON object")
    return asked


def _tensor(described: dict[str, Any]) -> tuple[str, Any]:
    try:
        kind = _TYPES[described["datatype"]]
        array = np.array(described["data"], kind).reshape(described["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(400, f"an input can't be read: {error}") from error
    return str(described["name"]), array


def _written(name: str, array: Any) -> dict[str, Any]:
    if not isinstance(array, np.ndarray):
        raise RefusedError(
            400, f"the output '{name}' is no tensor: convert the model without ZipMap."
        )
    return {
        "name": name,
        "datatype": _NAMES.get(array.dtype, "BYTES"),
        "shape": list(array.shape),
        "data": array.reshape(-1).tolist(),
    }
