"""ONNX sessions of the vision models, each loaded when it is first run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from windfall_local.engines.vision.arrays import Array

Locate = Callable[[str], Path]


class Models:
    """Runs models by name.

    Args:
        locate: Where a model's file lies; raises EngineUnavailableError when it is missing.
    """

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}

    def run(self, name: str, picture: Array) -> dict[str, Array]:
        """A model's outputs by name, for one channels-last picture (a batch of one is made)."""
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = self._load(name)
        source = session.get_inputs()[0].name
        values = session.run(None, {source: picture[np.newaxis].astype(np.float32)})
        return {
            output.name: value[0]
            for output, value in zip(session.get_outputs(), values, strict=True)
        }

    def _load(self, name: str) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        # More threads were no faster on these small models, and would starve the functions.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Kept arenas grow with the largest picture and are never given back.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(self._locate(name)), options, providers=["CPUExecutionProvider"]
        )
