"""ONNX models, asked as Triton is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from windfall_local.engines.tables.invocations import Invocation, RefusedError
from windfall_local.engines.tables.triton import RepositoryError, TritonServer


def write_sums(folder: Path) -> None:
    """A model that adds up two columns, and counts the rows."""
    ones = numpy_helper.from_array(np.ones((2, 1), np.float32), "ones")
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["rows", "ones"], ["sums"]),
            helper.make_node("Shape", ["rows"], ["shape"]),
        ],
        "sums",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", 2])],
        [
            helper.make_tensor_value_info("sums", TensorProto.FLOAT, ["n", 1]),
            helper.make_tensor_value_info("shape", TensorProto.INT64, [2]),
        ],
        [ones],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    for version in ("2", "10"):
        write_sums(folder / "sums" / version)
    return folder


def ask(repository: Path, asked: Any, content_type: str = "application/json") -> Any:
    body = repository.parent / "body"
    body.write_bytes(asked if isinstance(asked, bytes) else json.dumps(asked).encode())
    reply = TritonServer(repository, {}).answer(Invocation(body, content_type))
    return json.loads(b"".join(reply.body))


def rows(**more: Any) -> dict[str, Any]:
    return {"name": "rows", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4], **more}


def test_tensors_go_in_and_come_out(repository: Path) -> None:
    assert ask(repository, {"id": "7", "inputs": [rows()]}) == {
        "id": "7",
        "model_name": "sums",
        "model_version": "10",
        "outputs": [
            {"name": "sums", "datatype": "FP32", "shape": [2, 1], "data": [3.0, 7.0]},
            {"name": "shape", "datatype": "INT64", "shape": [2], "data": [2, 2]},
        ],
    }
    nested = rows(data=[[1, 2], [3, 4]])
    answer = ask(repository, {"inputs": [nested], "outputs": [{"name": "shape"}]})
    assert [one["name"] for one in answer["outputs"]] == ["shape"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (b"{", "failed to parse"),
        (b"[]", "must be a JSON object"),
        ({"inputs": []}, "expected the inputs"),
        ({"inputs": [rows(name="other")]}, "expected the inputs"),
        ({"inputs": [rows(datatype="FP7")]}, "FP7"),
        ({"inputs": [rows(shape=[3, 3])]}, "can't be read"),
        ({"inputs": [rows(shape=[1, 4])]}, "onnx runtime error"),
        ({"inputs": [rows()], "outputs": [{"name": "x"}]}, "unexpected inference output"),
    ],
)
def test_what_the_model_does_not_take_is_the_callers_fault(
    repository: Path, asked: Any, said: str
) -> None:
    with pytest.raises(RefusedError, match=said) as caught:
        ask(repository, asked)
    assert caught.value.status == 400


def test_the_binary_form_is_refused_by_name(repository: Path) -> None:
    kind = "application/vnd.sagemaker-triton.binary+json;json-header-size=10"
    with pytest.raises(RefusedError, match="binary"):
        ask(repository, b"", kind)


def test_a_repository_without_a_model_in_onnx_says_so(repository: Path) -> None:
    with pytest.raises(RepositoryError, match="no model other"):
        TritonServer(repository, {"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "other"})
    (repository / "second").mkdir()
    with pytest.raises(RepositoryError, match="name one"):
        TritonServer(repository, {})
    with pytest.raises(RepositoryError, match="no backend but ONNX"):
        TritonServer(repository, {"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "second"})
