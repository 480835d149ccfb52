"""Graphs that TensorFlow.js would load, converted and run, against plain NumPy."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import onnxruntime
import pytest

from windfall_local.engines.models.conversion import (
    ConversionError,
    convert_graph_model,
    read_weights,
)

RANDOM = np.random.default_rng(5)


class Graph:
    """A graph model in the making."""

    def __init__(self, *shape: int) -> None:
        sizes = [{"size": str(size)} for size in shape]
        self.nodes: list[dict[str, Any]] = [
            {"name": "x", "op": "Placeholder", "attr": {"shape": {"shape": {"dim": sizes}}}}
        ]
        self.weights: list[dict[str, Any]] = []
        self.content = b""

    def constant(self, name: str, value: Any, stored: str | None = None) -> str:
        array = np.asarray(value)
        array = array.astype(np.int32 if array.dtype.kind == "i" else np.float32)
        entry: dict[str, Any] = {
            "name": name,
            "shape": list(array.shape),
            "dtype": str(array.dtype),
        }
        if stored:
            entry["quantization"] = {"dtype": stored, "original_dtype": str(array.dtype)}
            array = array.astype(stored)
        self.weights.append(entry)
        self.content += array.tobytes()
        self.nodes.append({"name": name, "op": "Const"})
        return name

    def node(self, op: str, *inputs: str, name: str = "y", **attributes: Any) -> str:
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def run(self, picture: np.ndarray, output: str = "y") -> Any:
        model = convert_graph_model(self.json(), self.content, {output: "result"})
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        return session.run(["result"], {"x": picture.astype(np.float32)})[0]

    def json(self) -> bytes:
        manifest = [{"paths": ["model.bin"], "weights": self.weights}]
        return json.dumps(
            {"modelTopology": {"node": self.nodes}, "weightsManifest": manifest}
        ).encode()


def text(value: str) -> dict[str, str]:
    return {"s": base64.b64encode(value.encode()).decode()}


def numbers(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


def words(*values: str) -> dict[str, Any]:
    return {"list": {"s": [base64.b64encode(value.encode()).decode() for value in values]}}


def window(stride: int, padding: str) -> dict[str, Any]:
    return {
        "strides": numbers(1, stride, stride, 1),
        "padding": text(padding),
        "dilations": numbers(1, 1, 1, 1),
    }


def same_padding(picture: Any, size: int, stride: int) -> Any:
    """TensorFlow's SAME: the odd pixel goes to the end."""
    pads = []
    for side in picture.shape[1:3]:
        total = max((-(-side // stride) - 1) * stride + size - side, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(picture, [(0, 0), *pads, (0, 0)])


def convolve(picture: Any, kernel: Any, stride: int) -> Any:
    """A VALID convolution, channels last, one place at a time."""
    size = kernel.shape[0]
    height, width = ((side - size) // stride + 1 for side in picture.shape[1:3])
    result = np.zeros((1, height, width, kernel.shape[3]))
    for row in range(height):
        for column in range(width):
            y, x = row * stride, column * stride
            patch = picture[0, y : y + size, x : x + size]
            result[0, row, column] = np.tensordot(patch, kernel, 3)
    return result


def picture(*shape: int) -> Any:
    return RANDOM.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_pads_as_tensorflow_does(side: int, stride: int) -> None:
    graph, x, kernel = Graph(1, side, side, 3), picture(1, side, side, 3), picture(3, 3, 3, 4)
    graph.node("Conv2D", "x", graph.constant("k", kernel), **window(stride, "SAME"))
    expected = convolve(same_padding(x, 3, stride), kernel, stride)
    np.testing.assert_allclose(graph.run(x), expected, atol=1e-4)


def test_a_depthwise_convolution_keeps_the_order_of_its_channels() -> None:
    graph, x, kernel = Graph(1, 5, 5, 2), picture(1, 5, 5, 2), picture(3, 3, 2, 3)
    graph.node("DepthwiseConv2dNative", "x", graph.constant("k", kernel), **window(1, "VALID"))
    parts = [convolve(x[..., [c]], kernel[:, :, [c], :], 1) for c in range(2)]
    np.testing.assert_allclose(graph.run(x), np.concatenate(parts, -1), atol=1e-4)


@pytest.mark.parametrize("activation", ["", "Relu", "Relu6", "Prelu"])
def test_a_fused_convolution_adds_its_bias_and_activates(activation: str) -> None:
    graph, x = Graph(1, 4, 4, 2), picture(1, 4, 4, 2) * 9
    kernel, bias, slope = picture(1, 1, 2, 3), picture(3), picture(1, 1, 3)
    inputs = ["x", graph.constant("k", kernel), graph.constant("b", bias)]
    if activation == "Prelu":
        inputs.append(graph.constant("slope", slope))
    fused = words("BiasAdd", activation) if activation else words("BiasAdd")
    graph.node("_FusedConv2D", *inputs, fused_ops=fused, **window(1, "VALID"))
    plain = convolve(x, kernel, 1) + bias
    expected = {
        "": plain,
        "Relu": np.maximum(plain, 0),
        "Relu6": np.clip(plain, 0, 6),
        "Prelu": np.where(plain > 0, plain, plain * slope),
    }[activation]
    np.testing.assert_allclose(graph.run(x), expected, atol=1e-4)


def test_constants_broadcast_along_the_channels_of_a_convolution() -> None:
    graph, x, kernel = Graph(1, 3, 3, 2), picture(1, 3, 3, 2), picture(1, 1, 2, 4)
    conv = graph.node("Conv2D", "x", graph.constant("k", kernel), name="c", **window(1, "VALID"))
    scale = picture(4)
    scaled = graph.node("Mul", conv, graph.constant("scale", scale), name="m")
    graph.node("AddV2", scaled, graph.constant("one", np.float32(1)))
    expected = convolve(x, kernel, 1) * scale + 1
    np.testing.assert_allclose(graph.run(x), expected, atol=1e-4)


def test_padding_joining_and_pooling_name_their_axes_rightly() -> None:
    graph, x = Graph(1, 4, 4, 2), picture(1, 4, 4, 2)
    pads = graph.constant("pads", [[0, 0], [0, 1], [2, 0], [0, 3]])
    pooled = graph.node("MaxPool", "x", name="p", ksize=numbers(1, 2, 2, 1), **window(2, "VALID"))
    padded = graph.node("Pad", pooled, pads, name="q")
    graph.node("ConcatV2", padded, padded, graph.constant("axis", 3))
    best = x.reshape(1, 2, 2, 2, 2, 2).max((2, 4))
    expected = np.concatenate([np.pad(best, [(0, 0), (0, 1), (2, 0), (0, 3)])] * 2, -1)
    np.testing.assert_allclose(graph.run(x), expected)


@pytest.mark.parametrize("keep", [True, False])
def test_a_mean_over_the_picture_leaves_the_channels(keep: bool) -> None:
    graph, x = Graph(1, 4, 4, 3), picture(1, 4, 4, 3)
    pooled = graph.node("MaxPool", "x", name="p", ksize=numbers(1, 1, 1, 1), **window(1, "VALID"))
    graph.node("Mean", pooled, graph.constant("axes", [1, 2]), keep_dims={"b": keep})
    np.testing.assert_allclose(graph.run(x), x.mean((1, 2), keepdims=keep), atol=1e-6)


def test_a_reshape_reads_channels_last() -> None:
    graph, x, kernel = Graph(1, 2, 2, 2), picture(1, 2, 2, 2), picture(1, 1, 2, 6)
    conv = graph.node("Conv2D", "x", graph.constant("k", kernel), name="c", **window(1, "VALID"))
    graph.node("Reshape", conv, graph.constant("shape", [1, 8, 3]))
    np.testing.assert_allclose(graph.run(x), convolve(x, kernel, 1).reshape(1, 8, 3), atol=1e-5)


def test_a_resize_follows_the_graph_in_where_pixels_are() -> None:
    x = np.array([0.0, 4.0]).reshape(1, 1, 2, 1)
    results = []
    for half in (False, True):
        graph = Graph(1, 1, 2, 1)
        size, kernel = graph.constant("size", [1, 4]), graph.constant("k", np.ones((1, 1, 1, 1)))
        conv = graph.node("Conv2D", "x", kernel, name="c", **window(1, "VALID"))
        large = graph.node("ResizeBilinear", conv, size, name="r", half_pixel_centers={"b": half})
        graph.node("Conv2D", large, kernel, **window(1, "VALID"))
        results.append(graph.run(x).reshape(-1).tolist())
    assert results == [[0, 2, 4, 4], [0, 1, 3, 4]]


def test_a_matrix_product_and_softmax_match() -> None:
    graph, x, weights, bias = Graph(1, 3), picture(1, 3), picture(3, 2), picture(2)
    inputs = [graph.constant("w", weights), graph.constant("b", bias)]
    product = graph.node("_FusedMatMul", "x", *inputs, name="m", fused_ops=words("BiasAdd"))
    graph.node("Softmax", product)
    powers = np.exp(x @ weights + bias)
    np.testing.assert_allclose(graph.run(x), powers / powers.sum(), atol=1e-5)


def test_half_precision_weights_stay_half_and_widen_when_loaded() -> None:
    kernel = picture(1, 1, 2, 64)
    whole, half = Graph(1, 2, 2, 2), Graph(1, 2, 2, 2)
    for graph, stored in ((whole, None), (half, "float16")):
        graph.node("Conv2D", "x", graph.constant("k", kernel, stored), **window(1, "VALID"))
    x = picture(1, 2, 2, 2)
    np.testing.assert_allclose(half.run(x), whole.run(x), atol=1e-2)
    sizes = [len(convert_graph_model(g.json(), g.content, {"y": "r"})) for g in (half, whole)]
    assert sizes[0] < sizes[1]


def test_what_the_outputs_do_not_need_is_left_out() -> None:
    graph = Graph(1, 2, 2, 1)
    graph.node("Relu", "x")
    graph.node("TopKV2", "y", name="tail")
    assert graph.run(np.array([-1.0, 2, 3, -4]).reshape(1, 2, 2, 1)).sum() == 5


def test_the_same_graph_gives_the_same_bytes() -> None:
    graph = Graph(1, 4, 4, 2)
    graph.node("Conv2D", "x", graph.constant("k", picture(3, 3, 2, 2)), **window(1, "SAME"))
    models = {convert_graph_model(graph.json(), graph.content, {"y": "r"}) for _ in range(2)}
    assert len(models) == 1


def test_an_unknown_operator_is_refused_by_name() -> None:
    graph = Graph(1, 2)
    graph.node("GatherNd", "x", name="y")
    with pytest.raises(ConversionError, match="GatherNd"):
        graph.run(np.zeros((1, 2)))


def test_an_unknown_encoding_is_refused_by_the_weights_name() -> None:
    entry = {"name": "k", "shape": [1], "dtype": "float32", "quantization": {"dtype": "uint8"}}
    with pytest.raises(ConversionError, match="k is encoded as uint8"):
        read_weights([{"weights": [entry]}], b"\0")
