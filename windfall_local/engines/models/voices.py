"""The weights of Resemblyzer's voice encoder, as PyTorch wrote them, to an ONNX model.

The file is PyTorch's format from before 2020: five pickles, then the numbers of each storage.
Pickles can run code, so only the few names that stand in it are answered here; PyTorch itself is
not needed.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np

FRAMES = 160
"""Of a window; ten milliseconds each."""

CHANNELS = 40
"""Of a mel spectrum."""

_LAYERS = 3
_HIDDEN = 256
_MAGIC = 0x1950A86A20F9469CFC6C
_OPSET = 13


class _Tensor(NamedTuple):
    storage: str
    offset: int
    shape: tuple[int, ...]


def convert_voice_encoder(weights: bytes) -> bytes:
    """The encoder: mel spectra (windows, 160, 40) to voices (windows, 256) of length one.

    Raises:
        ValueError: The file is no such weights.
    """
    return _graph(_read(weights))


class _Reader(pickle.Unpickler):
    """Answers the names that stand in the weights' pickles, and no others."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, *_: _Tensor(storage, offset, shape)
        if module == "torch" and name.endswith("Storage"):
            return name
        raise pickle.UnpicklingError(f"{module}.{name} has no place in the weights.")

    def persistent_load(self, pid: Any) -> str:
        return str(pid[2])


def _read(weights: bytes) -> dict[str, Any]:
    file = io.BytesIO(weights)
    if _Reader(file).load() != _MAGIC:
        raise ValueError("The file is not in PyTorch's older format.")
    _version, _machine, checkpoint, keys = (_Reader(file).load() for _ in range(4))
    places: dict[str, int] = {}
    for key in keys:
        (size,) = struct.unpack("<q", file.read(8))
        places[key] = file.tell()
        file.seek(4 * size, io.SEEK_CUR)
    return {
        name: np.frombuffer(
            weights,
            "<f4",
            int(np.prod(tensor.shape)),
            places[tensor.storage] + 4 * tensor.offset,
        ).reshape(tensor.shape)
        for name, tensor in checkpoint["model_state"].items()
        if name.startswith(("lstm.", "linear."))
    }


def _graph(tensors: dict[str, Any]) -> bytes:
    from onnx import TensorProto, checker, helper, numpy_helper  # noqa: PLC0415 - at set-up only

    nodes: list[Any] = [helper.make_node("Transpose", ["mels"], ["x0"], perm=[1, 0, 2])]
    constants: list[Any] = []

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    first = constant("first", np.array([0], np.int64))
    direction = constant("direction", np.array([1], np.int64))
    for layer in range(_LAYERS):
        gates = [_gates(tensors[f"lstm.{part}_l{layer}"]) for part in ("weight_ih", "weight_hh")]
        bias = [_gates(tensors[f"lstm.{part}_l{layer}"]) for part in ("bias_ih", "bias_hh")]
        inputs = [
            f"x{layer}",
            constant(f"w{layer}", gates[0][None]),
            constant(f"r{layer}", gates[1][None]),
            constant(f"b{layer}", np.concatenate(bias)[None]),
        ]
        outputs = [f"y{layer}", f"h{layer}"]
        nodes.append(helper.make_node("LSTM", inputs, outputs, hidden_size=_HIDDEN))
        nodes.append(helper.make_node("Squeeze", [f"y{layer}", direction], [f"x{layer + 1}"]))
    linear = [
        constant("weight", tensors["linear.weight"]),
        constant("bias", tensors["linear.bias"]),
    ]
    nodes += [
        helper.make_node("Squeeze", [f"h{_LAYERS - 1}", first], ["last"]),
        helper.make_node("Gemm", ["last", *linear], ["line"], transB=1),
        helper.make_node("Relu", ["line"], ["positive"]),
        helper.make_node("LpNormalization", ["positive"], ["voices"], axis=1, p=2),
    ]
    mels = helper.make_tensor_value_info("mels", TensorProto.FLOAT, ["n", FRAMES, CHANNELS])
    voices = helper.make_tensor_value_info("voices", TensorProto.FLOAT, ["n", _HIDDEN])
    graph = helper.make_graph(nodes, "voices", [mels], [voices], constants)
    opset = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="windfall")
    checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _gates(array: Any) -> Any:
    """From PyTorch's order of gates (input, forget, cell, output) to ONNX's."""
    enter, forget, cell, output = np.split(array, 4)
    return np.concatenate([enter, output, forget, cell])
