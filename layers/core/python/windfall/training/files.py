"""Where a training's files lie under its analysis's prefix, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from windfall.contracts.base import Contract, S3Pointer
from windfall.contracts.data_profile import DataProfile
from windfall.contracts.evaluation import Evaluation
from windfall.contracts.input_contract import InputContract
from windfall.contracts.training import Split, TrainingSpec

if TYPE_CHECKING:
    from windfall.contracts.base import OutputLocation
    from windfall.ports.storage import ObjectStore

_Document = TypeVar("_Document", bound=Contract)

PROFILE, SPEC, SPLIT = "profile.json", "spec.json", "split.json"
CONTRACT, METRICS, REPORT = "contract.json", "metrics.json", "report.html"
DATA = "parts/split/"
"""Training and held-out rows: of use to SageMaker, and to no reader of the manifest."""
PREDICTIONS = "parts/predictions/"
ANSWERS = (f"{PREDICTIONS}held_out.csv.out", f"{PREDICTIONS}shuffled.csv.out")
"""What the transform job leaves: SageMaker adds `.out` to the input's name."""
EXPLANATION = "parts/explanation/"
EXPLAINED = f"{EXPLANATION}analysis.json"
"""What Clarify leaves, beside its own reports."""


@dataclass(frozen=True, slots=True)
class TrainingFiles:
    """The files of one training."""

    store: ObjectStore
    output: OutputLocation

    def pointer(self, name: str) -> S3Pointer:
        """Where a file lies."""
        return S3Pointer(bucket=self.output.bucket, key=self.output.prefix + name)

    def uri(self, name: str) -> str:
        """The same as SageMaker wants it."""
        return f"s3://{self.output.bucket}/{self.output.prefix}{name}"

    def save(self, name: str, document: Contract) -> S3Pointer:
        """Write a document."""
        body = document.model_dump_json(indent=2).encode()
        return self.write(name, body, "application/json")

    def write(self, name: str, body: bytes, media_type: str) -> S3Pointer:
        """Write a file."""
        return self.store.write(self.output.bucket, self.output.prefix + name, body, media_type)

    def spec(self) -> TrainingSpec:
        """What is trained."""
        return self._read(SPEC, TrainingSpec)

    def profile(self) -> DataProfile:
        """What the table looks like."""
        return self._read(PROFILE, DataProfile)

    def split(self) -> Split:
        """How the table was divided."""
        return self._read(SPLIT, Split)

    def contract(self) -> InputContract:
        """What the model is sent."""
        return self._read(CONTRACT, InputContract)

    def evaluation(self) -> Evaluation:
        """How good the model is."""
        return self._read(METRICS, Evaluation)

    def _read(self, name: str, kind: type[_Document]) -> _Document:
        return kind.model_validate_json(self.store.read(self.pointer(name)))
