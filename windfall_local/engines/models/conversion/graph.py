"""The ONNX graph that a conversion makes, each value in the layout that its operator likes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from windfall_local.engines.models.conversion.errors import ConversionError

OPSET = 18
IR_VERSION = 9
TO_NCHW = [0, 3, 1, 2]
TO_NHWC = [0, 2, 3, 1]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the ONNX graph; `nchw` when a picture whose channels come first."""

    name: str
    nchw: bool = False


@dataclass
class Graph:
    """The ONNX graph as far as it is made.

    Args:
        constants: The weights by name.
    """

    constants: dict[str, np.ndarray]
    parts: list[onnx.NodeProto] = field(default_factory=list)
    initializers: dict[str, onnx.TensorProto] = field(default_factory=dict)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    transposed: dict[str, str] = field(default_factory=dict)

    def build(self, outputs: Mapping[str, str]) -> bytes:
        """The whole as a serialised model, checked; `outputs` as `convert_graph_model` has them."""
        for name, alias in outputs.items():
            self.parts.append(helper.make_node("Identity", [self.nhwc(name)], [alias], name=alias))
        shapes = _shapes_of(self._model(dict.fromkeys(outputs.values())))
        model = self._model(shapes)
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _model(self, outputs: Mapping[str, list[int] | None]) -> onnx.ModelProto:
        results = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in outputs.items()
        ]
        graph = helper.make_graph(
            self.parts, "windfall", self.inputs, results, list(self.initializers.values())
        )
        return helper.make_model(
            graph,
            producer_name="windfall",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )

    # Values

    def constant(self, name: str) -> np.ndarray:
        """A constant's value, for operators that need it now (axes, paddings, shapes)."""
        if name not in self.constants:
            raise ConversionError(f"{name} is computed; only a constant can be converted here.")
        return self.constants[name]

    def store(self, name: str, value: np.ndarray) -> str:
        """Put a constant into the model; 16-bit ones widen when the model is loaded."""
        if name not in self.initializers:
            # np.ascontiguousarray would make a scalar one-dimensional.
            value = value if value.ndim == 0 else np.ascontiguousarray(value)
            self.initializers[name] = numpy_helper.from_array(value, name)
        if value.dtype != np.float16:
            return name
        wide = f"{name}:wide"
        if wide not in self.transposed:
            self.transposed[wide] = wide
            self.parts.append(helper.make_node("Cast", [name], [wide], to=TensorProto.FLOAT))
        return wide

    def nhwc(self, name: str) -> str:
        """A value as TensorFlow has it."""
        if name in self.constants:
            return self.store(name, self.constants[name])
        tensor = self.tensors[name]
        return self._transpose(tensor.name, TO_NHWC) if tensor.nchw else tensor.name

    def nchw(self, name: str) -> str:
        """A picture with its channels first."""
        tensor = self.tensors[name]
        return tensor.name if tensor.nchw else self._transpose(tensor.name, TO_NCHW)

    def _transpose(self, name: str, order: list[int]) -> str:
        target = f"{name}:{'nchw' if order is TO_NCHW else 'nhwc'}"
        if target not in self.transposed:
            self.transposed[target] = target
            self.parts.append(helper.make_node("Transpose", [name], [target], perm=order))
        return target

    def broadcast(self, name: str) -> str:
        """An operand beside a channels-first picture."""
        if name not in self.constants:
            return self.nchw(name)
        value = self.constants[name]
        if value.size == 1:
            return self.store(name, value)
        full = value.reshape((1,) * (4 - value.ndim) + value.shape)
        return self.store(f"{name}:nchw", full.transpose(TO_NCHW))

    def add(self, operator: str, sources: list[str], target: str, **attributes: Any) -> str:
        """Add an operator with one result; the result's name."""
        self.parts.append(helper.make_node(operator, sources, [target], name=target, **attributes))
        return target


def _shapes_of(model: onnx.ModelProto) -> dict[str, list[int] | None]:
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    return {
        output.name: [size.dim_value for size in output.type.tensor_type.shape.dim]
        for output in inferred.graph.output
    }
