"""TensorFlow.js graph models to ONNX, for the operators that the vision models use.

TensorFlow keeps pictures channels-last (NHWC), ONNX wants channels-first (NCHW). Each tensor is
made in the layout its operator likes and transposed only where another is asked for, so a chain
of convolutions carries no transpositions.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 9
TO_NCHW = [0, 3, 1, 2]
TO_NHWC = [0, 2, 3, 1]


class ConversionError(Exception):
    """The graph holds something that this converter does not know; it names it."""


def convert_graph_model(graph: bytes, weights: bytes, outputs: Mapping[str, str]) -> bytes:
    """Turn a graph model into an ONNX model.

    Args:
        graph: The `model.json`.
        weights: Its weight files, one after the other.
        outputs: The nodes to become outputs, and the name each gets; what only other nodes need
            is left out. Four-dimensional outputs are channels-last, as in TensorFlow.

    Returns:
        The serialised model; the same bytes for the same input. 16-bit weights stay 16-bit.

    Raises:
        ConversionError: An operator, attribute or encoding is not known.
    """
    document = json.loads(graph)
    nodes = {node["name"]: node for node in document["modelTopology"]["node"]}
    builder = _Builder(nodes, read_weights(document["weightsManifest"], weights))
    return builder.build(outputs)


def read_weights(manifest: list[dict[str, Any]], content: bytes) -> dict[str, np.ndarray]:
    """The constants of a graph model by name, as they are stored."""
    arrays: dict[str, np.ndarray] = {}
    offset = 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        quantization = entry.get("quantization", {})
        stored = quantization.get("dtype", entry["dtype"])
        # float16 carries no scale; 8-bit weights would, and none of the models has them.
        if stored not in ("float32", "int32", "float16") or "scale" in quantization:
            raise ConversionError(f"The weight {entry['name']} is encoded as {stored}.")
        kind = np.dtype(stored).newbyteorder("<")
        count = int(np.prod(entry["shape"], dtype=np.int64))
        array = np.frombuffer(content, kind, count, offset).reshape(entry["shape"])
        arrays[entry["name"]] = array.astype(stored)
        offset += count * kind.itemsize
    return arrays


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A value of the ONNX graph; `nchw` when a picture whose channels come first."""

    name: str
    nchw: bool = False


@dataclass
class _Builder:
    nodes: dict[str, dict[str, Any]]
    constants: dict[str, np.ndarray]
    parts: list[onnx.NodeProto] = field(default_factory=list)
    initializers: dict[str, onnx.TensorProto] = field(default_factory=dict)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    tensors: dict[str, _Tensor] = field(default_factory=dict)
    transposed: dict[str, str] = field(default_factory=dict)

    def build(self, outputs: Mapping[str, str]) -> bytes:
        for name in self._order(list(outputs)):
            self.tensors[name] = self._convert(self.nodes[name])
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

    def _order(self, wanted: list[str]) -> list[str]:
        """What the outputs need, each after its inputs; constants are read where they are used."""
        ordered: dict[str, None] = {}
        stack = [(name, False) for name in reversed(wanted)]
        while stack:
            name, expanded = stack.pop()
            if name in ordered or self.nodes[name]["op"] == "Const":
                continue
            if expanded:
                ordered[name] = None
                continue
            stack.append((name, True))
            stack.extend((source, False) for source in reversed(_inputs(self.nodes[name])))
        return list(ordered)

    def _convert(self, node: dict[str, Any]) -> _Tensor:
        convert = _OPERATORS.get(node["op"])
        if convert is None:
            raise ConversionError(f"The operator {node['op']} of {node['name']} is not known.")
        return convert(self, node)

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
        self.parts.append(helper.make_node(operator, sources, [target], name=target, **attributes))
        return target


def _shapes_of(model: onnx.ModelProto) -> dict[str, list[int] | None]:
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    return {
        output.name: [size.dim_value for size in output.type.tensor_type.shape.dim]
        for output in inferred.graph.output
    }


def _inputs(node: dict[str, Any]) -> list[str]:
    # "^name" is a control input; "name:0" is the first output of name.
    return [name.split(":")[0] for name in node.get("input", []) if not name.startswith("^")]


def _text(value: str) -> str:
    return base64.b64decode(value).decode()


def _list(node: dict[str, Any], attribute: str) -> list[Any]:
    values = node.get("attr", {}).get(attribute, {}).get("list", {})
    return [int(item) for item in values.get("i", [])] or [_text(s) for s in values.get("s", [])]


def _flag(node: dict[str, Any], attribute: str) -> bool:
    return bool(node.get("attr", {}).get(attribute, {}).get("b", False))


def _window(node: dict[str, Any]) -> dict[str, Any]:
    """Strides and padding; SAME puts the odd pixel at the end, which ONNX calls SAME_UPPER."""
    padding = _text(node["attr"]["padding"]["s"])
    if padding not in ("SAME", "VALID"):
        raise ConversionError(f"The padding {padding} of {node['name']} is not known.")
    return {
        "strides": _list(node, "strides")[1:3],
        "auto_pad": "SAME_UPPER" if padding == "SAME" else "VALID",
    }


def _placeholder(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    shape = [abs(int(size["size"])) for size in node["attr"]["shape"]["shape"]["dim"]]
    graph.inputs.append(helper.make_tensor_value_info(node["name"], TensorProto.FLOAT, shape))
    return _Tensor(node["name"])


def _convolution(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    picture, kernel, *rest = _inputs(node)
    weights = graph.constant(kernel)
    attributes = _window(node)
    attributes["dilations"] = (_list(node, "dilations") or [1, 1, 1, 1])[1:3]
    if "Depthwise" in node["op"]:
        height, width, channels, multiplier = weights.shape
        attributes["group"] = channels
        weights = weights.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    else:
        weights = weights.transpose(3, 2, 0, 1)
    sources = [graph.nchw(picture), graph.store(f"{kernel}:oihw", weights)]
    name = node["name"]
    fused = _list(node, "fused_ops")
    if fused[:1] == ["BiasAdd"]:
        sources.append(graph.nhwc(rest[0]))
    made = graph.add("Conv", sources, name if fused[1:] == [] else f"{name}:conv", **attributes)
    return _Tensor(_activation(graph, node, made, fused, rest, nchw=True), nchw=True)


def _matrix_product(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    left, right, *rest = _inputs(node)
    if _flag(node, "transpose_a"):
        raise ConversionError(f"{node['name']} transposes its first operand.")
    weights = graph.constant(right)
    weights = weights.T if _flag(node, "transpose_b") else weights
    fused = _list(node, "fused_ops")
    name = node["name"]
    made = graph.add("MatMul", [graph.nhwc(left), graph.store(right, weights)], f"{name}:product")
    if fused[:1] == ["BiasAdd"]:
        target = name if fused[1:] == [] else f"{name}:sum"
        made = graph.add("Add", [made, graph.nhwc(rest[0])], target)
    return _Tensor(_activation(graph, node, made, fused, rest, nchw=False))


def _activation(
    graph: _Builder,
    node: dict[str, Any],
    made: str,
    fused: list[str],
    rest: list[str],
    *,
    nchw: bool,
) -> str:
    if fused not in ([], ["BiasAdd"], *(["BiasAdd", name] for name in ("Relu", "Relu6", "Prelu"))):
        raise ConversionError(f"{node['name']} fuses {fused}.")
    if fused[1:] == []:
        return made
    if fused[1] == "Relu6":
        return _clip(graph, made, node["name"])
    if fused[1] == "Relu":
        return graph.add("Relu", [made], node["name"])
    slope = graph.broadcast(rest[1]) if nchw else graph.nhwc(rest[1])
    return graph.add("PRelu", [made, slope], node["name"])


def _clip(graph: _Builder, source: str, target: str) -> str:
    low = graph.store(":0", np.array(0, np.float32))
    high = graph.store(":6", np.array(6, np.float32))
    return graph.add("Clip", [source, low, high], target)


def _elementwise(operator: str) -> Callable[[_Builder, dict[str, Any]], _Tensor]:
    def convert(graph: _Builder, node: dict[str, Any]) -> _Tensor:
        names = _inputs(node)
        nchw = any(name in graph.tensors and graph.tensors[name].nchw for name in names)
        sources = [graph.broadcast(name) if nchw else graph.nhwc(name) for name in names]
        return _Tensor(graph.add(operator, sources, node["name"]), nchw)

    return convert


def _relu6(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    tensor = graph.tensors[_inputs(node)[0]]
    return _Tensor(_clip(graph, tensor.name, node["name"]), tensor.nchw)


def _softmax(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    return _Tensor(graph.add("Softmax", [graph.nhwc(_inputs(node)[0])], node["name"], axis=-1))


def _max_pool(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    source = graph.nchw(_inputs(node)[0])
    shape = _list(node, "ksize")[1:3]
    made = graph.add("MaxPool", [source], node["name"], kernel_shape=shape, **_window(node))
    return _Tensor(made, nchw=True)


def _pad(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    source, paddings = _inputs(node)
    amounts = graph.constant(paddings)
    nchw = graph.tensors[source].nchw
    amounts = amounts[TO_NCHW] if nchw else amounts
    pads = graph.store(f"{node['name']}:pads", amounts.T.reshape(-1).astype(np.int64))
    return _Tensor(graph.add("Pad", [graph.tensors[source].name, pads], node["name"]), nchw)


def _reshape(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    source, shape = _inputs(node)
    sizes = graph.store(f"{node['name']}:shape", graph.constant(shape).astype(np.int64))
    return _Tensor(graph.add("Reshape", [graph.nhwc(source), sizes], node["name"]))


def _mean(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    source, over = _inputs(node)
    keep = _flag(node, "keep_dims")
    axes = np.atleast_1d(graph.constant(over)).astype(np.int64)
    nchw = graph.tensors[source].nchw and keep
    if graph.tensors[source].nchw and sorted(axes.tolist()) == [1, 2]:
        # Over a whole picture what remains is (N, C), whichever came first.
        axes, picture = np.array([2, 3], np.int64), graph.nchw(source)
    else:
        nchw, picture = False, graph.nhwc(source)
    sources = [picture, graph.store(f"{node['name']}:axes", axes)]
    return _Tensor(graph.add("ReduceMean", sources, node["name"], keepdims=int(keep)), nchw)


def _resize(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    source, size = _inputs(node)
    if _flag(node, "align_corners"):
        mode = "align_corners"
    else:
        mode = "half_pixel" if _flag(node, "half_pixel_centers") else "asymmetric"
    sizes = graph.store(f"{node['name']}:size", graph.constant(size).astype(np.int64))
    made = graph.add(
        "Resize",
        [graph.nchw(source), "", "", sizes],
        node["name"],
        mode="linear",
        axes=[2, 3],
        coordinate_transformation_mode=mode,
    )
    return _Tensor(made, nchw=True)


def _concatenate(graph: _Builder, node: dict[str, Any]) -> _Tensor:
    *names, axis_name = _inputs(node)
    axis = int(graph.constant(axis_name))
    nchw = all(name in graph.tensors and graph.tensors[name].nchw for name in names)
    if nchw:
        axis = TO_NCHW.index(axis % 4)
    sources = [graph.nchw(name) if nchw else graph.nhwc(name) for name in names]
    return _Tensor(graph.add("Concat", sources, node["name"], axis=axis), nchw)


_OPERATORS: dict[str, Callable[[_Builder, dict[str, Any]], _Tensor]] = {
    "Placeholder": _placeholder,
    "Conv2D": _convolution,
    "_FusedConv2D": _convolution,
    "DepthwiseConv2dNative": _convolution,
    "FusedDepthwiseConv2dNative": _convolution,
    "_FusedMatMul": _matrix_product,
    "MatMul": _matrix_product,
    "Add": _elementwise("Add"),
    "AddV2": _elementwise("Add"),
    "Sub": _elementwise("Sub"),
    "Mul": _elementwise("Mul"),
    "Minimum": _elementwise("Min"),
    "Maximum": _elementwise("Max"),
    "Relu": _elementwise("Relu"),
    "Relu6": _relu6,
    "Sigmoid": _elementwise("Sigmoid"),
    "Identity": _elementwise("Identity"),
    "Prelu": _elementwise("PRelu"),
    "Softmax": _softmax,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "Reshape": _reshape,
    "Mean": _mean,
    "ResizeBilinear": _resize,
    "ConcatV2": _concatenate,
}
