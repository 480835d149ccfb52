"""Each TensorFlow operator in ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from windfall_local.engines.models.conversion.errors import ConversionError
from windfall_local.engines.models.conversion.graph import TO_NCHW, Graph, Tensor
from windfall_local.engines.models.conversion.nodes import (
    flag_of,
    inputs_of,
    list_of,
    window_of,
)


def _placeholder(graph: Graph, node: dict[str, Any]) -> Tensor:
    shape = [abs(int(size["size"])) for size in node["attr"]["shape"]["shape"]["dim"]]
    graph.inputs.append(helper.make_tensor_value_info(node["name"], TensorProto.FLOAT, shape))
    return Tensor(node["name"])


def _convolution(graph: Graph, node: dict[str, Any]) -> Tensor:
    picture, kernel, *rest = inputs_of(node)
    weights = graph.constant(kernel)
    attributes = window_of(node)
    attributes["dilations"] = (list_of(node, "dilations") or [1, 1, 1, 1])[1:3]
    if "Depthwise" in node["op"]:
        height, width, channels, multiplier = weights.shape
        attributes["group"] = channels
        weights = weights.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    else:
        weights = weights.transpose(3, 2, 0, 1)
    sources = [graph.nchw(picture), graph.store(f"{kernel}:oihw", weights)]
    name = node["name"]
    fused = list_of(node, "fused_ops")
    if fused[:1] == ["BiasAdd"]:
        sources.append(graph.nhwc(rest[0]))
    made = graph.add("Conv", sources, name if fused[1:] == [] else f"{name}:conv", **attributes)
    return Tensor(_activation(graph, node, made, fused, rest, nchw=True), nchw=True)


def _matrix_product(graph: Graph, node: dict[str, Any]) -> Tensor:
    left, right, *rest = inputs_of(node)
    if flag_of(node, "transpose_a"):
        raise ConversionError(f"{node['name']} transposes its first operand.")
    weights = graph.constant(right)
    weights = weights.T if flag_of(node, "transpose_b") else weights
    fused = list_of(node, "fused_ops")
    name = node["name"]
    made = graph.add("MatMul", [graph.nhwc(left), graph.store(right, weights)], f"{name}:product")
    if fused[:1] == ["BiasAdd"]:
        target = name if fused[1:] == [] else f"{name}:sum"
        made = graph.add("Add", [made, graph.nhwc(rest[0])], target)
    return Tensor(_activation(graph, node, made, fused, rest, nchw=False))


def _activation(
    graph: Graph,
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


def _clip(graph: Graph, source: str, target: str) -> str:
    low = graph.store(":0", np.array(0, np.float32))
    high = graph.store(":6", np.array(6, np.float32))
    return graph.add("Clip", [source, low, high], target)


def _elementwise(operator: str) -> Callable[[Graph, dict[str, Any]], Tensor]:
    def convert(graph: Graph, node: dict[str, Any]) -> Tensor:
        names = inputs_of(node)
        nchw = any(name in graph.tensors and graph.tensors[name].nchw for name in names)
        sources = [graph.broadcast(name) if nchw else graph.nhwc(name) for name in names]
        return Tensor(graph.add(operator, sources, node["name"]), nchw)

    return convert


def _relu6(graph: Graph, node: dict[str, Any]) -> Tensor:
    tensor = graph.tensors[inputs_of(node)[0]]
    return Tensor(_clip(graph, tensor.name, node["name"]), tensor.nchw)


def _softmax(graph: Graph, node: dict[str, Any]) -> Tensor:
    return Tensor(graph.add("Softmax", [graph.nhwc(inputs_of(node)[0])], node["name"], axis=-1))


def _max_pool(graph: Graph, node: dict[str, Any]) -> Tensor:
    source = graph.nchw(inputs_of(node)[0])
    shape = list_of(node, "ksize")[1:3]
    made = graph.add("MaxPool", [source], node["name"], kernel_shape=shape, **window_of(node))
    return Tensor(made, nchw=True)


def _pad(graph: Graph, node: dict[str, Any]) -> Tensor:
    source, paddings = inputs_of(node)
    amounts = graph.constant(paddings)
    nchw = graph.tensors[source].nchw
    amounts = amounts[TO_NCHW] if nchw else amounts
    pads = graph.store(f"{node['name']}:pads", amounts.T.reshape(-1).astype(np.int64))
    return Tensor(graph.add("Pad", [graph.tensors[source].name, pads], node["name"]), nchw)


def _reshape(graph: Graph, node: dict[str, Any]) -> Tensor:
    source, shape = inputs_of(node)
    sizes = graph.store(f"{node['name']}:shape", graph.constant(shape).astype(np.int64))
    return Tensor(graph.add("Reshape", [graph.nhwc(source), sizes], node["name"]))


def _mean(graph: Graph, node: dict[str, Any]) -> Tensor:
    source, over = inputs_of(node)
    keep = flag_of(node, "keep_dims")
    axes = np.atleast_1d(graph.constant(over)).astype(np.int64)
    nchw = graph.tensors[source].nchw and keep
    if graph.tensors[source].nchw and sorted(axes.tolist()) == [1, 2]:
        # Over a whole picture what remains is (N, C), whichever came first.
        axes, picture = np.array([2, 3], np.int64), graph.nchw(source)
    else:
        nchw, picture = False, graph.nhwc(source)
    sources = [picture, graph.store(f"{node['name']}:axes", axes)]
    return Tensor(graph.add("ReduceMean", sources, node["name"], keepdims=int(keep)), nchw)


def _resize(graph: Graph, node: dict[str, Any]) -> Tensor:
    source, size = inputs_of(node)
    if flag_of(node, "align_corners"):
        mode = "align_corners"
    else:
        mode = "half_pixel" if flag_of(node, "half_pixel_centers") else "asymmetric"
    sizes = graph.store(f"{node['name']}:size", graph.constant(size).astype(np.int64))
    made = graph.add(
        "Resize",
        [graph.nchw(source), "", "", sizes],
        node["name"],
        mode="linear",
        axes=[2, 3],
        coordinate_transformation_mode=mode,
    )
    return Tensor(made, nchw=True)


def _concatenate(graph: Graph, node: dict[str, Any]) -> Tensor:
    *names, axis_name = inputs_of(node)
    axis = int(graph.constant(axis_name))
    nchw = all(name in graph.tensors and graph.tensors[name].nchw for name in names)
    if nchw:
        axis = TO_NCHW.index(axis % 4)
    sources = [graph.nchw(name) if nchw else graph.nhwc(name) for name in names]
    return Tensor(graph.add("Concat", sources, node["name"], axis=axis), nchw)


OPERATORS: dict[str, Callable[[Graph, dict[str, Any]], Tensor]] = {
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
