"""A whole graph model, node by node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from windfall_local.engines.models.conversion.errors import ConversionError
from windfall_local.engines.models.conversion.graph import Graph, Tensor
from windfall_local.engines.models.conversion.nodes import inputs_of
from windfall_local.engines.models.conversion.operators import OPERATORS


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
    made = Graph(read_weights(document["weightsManifest"], weights))
    for name in _order(nodes, list(outputs)):
        made.tensors[name] = _convert(made, nodes[name])
    return made.build(outputs)


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


def _order(nodes: dict[str, dict[str, Any]], wanted: list[str]) -> list[str]:
    """What the outputs need, each after its inputs; constants are read where they are used."""
    ordered: dict[str, None] = {}
    stack = [(name, False) for name in reversed(wanted)]
    while stack:
        name, expanded = stack.pop()
        if name in ordered or nodes[name]["op"] == "Const":
            continue
        if expanded:
            ordered[name] = None
            continue
        stack.append((name, True))
        stack.extend((source, False) for source in reversed(inputs_of(nodes[name])))
    return list(ordered)


def _convert(graph: Graph, node: dict[str, Any]) -> Tensor:
    convert = OPERATORS.get(node["op"])
    if convert is None:
        raise ConversionError(f"The operator {node['op']} of {node['name']} is not known.")
    return convert(graph, node)
