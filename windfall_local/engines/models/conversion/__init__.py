"""TensorFlow.js graph models to ONNX, for the operators that the vision models use.

TensorFlow keeps pictures channels-last (NHWC), ONNX wants channels-first (NCHW). Each tensor is
made in the layout its operator likes and transposed only where another is asked for, so a chain
of convolutions carries no transpositions.

- `convert.py`: the order of the nodes, the weights; begin here
- `operators.py`: each TensorFlow operator in ONNX
- `nodes.py`: what a node says
- `graph.py`: the ONNX graph, with its layouts
"""

from windfall_local.engines.models.conversion.convert import convert_graph_model, read_weights
from windfall_local.engines.models.conversion.errors import ConversionError

__all__ = ["ConversionError", "convert_graph_model", "read_weights"]
