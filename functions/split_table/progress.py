"""What of a split is done: a try that runs out of time leaves the rest to the next.

Below `parts/split/`, each written when it is whole:

    sides.z         a byte for each row of the table, packed: the side that it is on
    decided.json    the contract, learnt from the training rows; written behind the sides
    learnt.json     the training rows are there
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field, ValidationError

from windfall.checkpoints import RESERVE, Checkpoints, TimeLeft
from windfall.contracts.base import Contract, S3Pointer
from windfall.contracts.input_contract import InputContract
from windfall.contracts.training import SideCounts
from windfall.errors import WorkContinuesError

if TYPE_CHECKING:
    from windfall.contracts.dataset import DatasetAnalysis
    from windfall.contracts.training import TrainingSpec
    from windfall.ports.storage import ObjectStore

_SIDES, _DECIDED, _LEARNT = "sides.z", "decided.json", "learnt.json"
_MARGIN = 1.5
"""Times the longest step so far: what the next one may take, which reads as many rows."""


class Decided(Contract):
    """The sides are decided.

    Attributes:
        of: The table and the spec; of others it is worth nothing.
    """

    of: str
    contract: InputContract


class Learnt(Contract):
    """The training rows are written.

    Attributes:
        of: As in `Decided`.
        rejected: Rows that could not be encoded, as `reasons` says of the first ones.
    """

    of: str
    training: S3Pointer
    rows: SideCounts
    rejected: int = Field(ge=0)
    reasons: list[str]


_Step = TypeVar("_Step", Decided, Learnt)


class Progress:
    """The steps of one split."""

    def __init__(
        self,
        store: ObjectStore,
        analysis: DatasetAnalysis,
        spec: TrainingSpec,
        time_left: TimeLeft,
    ) -> None:
        self._store = store
        self._saved = Checkpoints(store, analysis.output, "split")
        told = spec.model_dump_json() + analysis.source.model_dump_json()
        self.of = hashlib.sha256(told.encode()).hexdigest()
        self._time_left = time_left
        self._since = time_left()
        self._longest = 0

    def decided(self) -> tuple[bytearray, InputContract] | None:
        """The sides and the contract, if an earlier try got so far."""
        found = self._find(_DECIDED, Decided)
        if found is None:
            return None
        return bytearray(zlib.decompress(self._saved.part(_SIDES))), found.contract

    def save_decided(self, sides: bytearray, contract: InputContract) -> None:
        """Keep them.

        Raises:
            WorkContinuesError: The next step is for the next try.
        """
        self._saved.save(_SIDES, zlib.compress(sides, 1), "application/octet-stream")
        self._save(_DECIDED, Decided(of=self.of, contract=contract))

    def learnt(self) -> Learnt | None:
        """The training rows, if an earlier try wrote them."""
        return self._find(_LEARNT, Learnt)

    def save_learnt(self, learnt: Learnt) -> None:
        """Keep that they are written.

        Raises:
            WorkContinuesError: The next step is for the next try.
        """
        self._save(_LEARNT, learnt)

    def _find(self, name: str, kind: type[_Step]) -> _Step | None:
        body = self._store.find(self._saved.place(name))
        try:
            found = None if body is None else kind.model_validate_json(body)
        except ValidationError:
            return None  # of another version of this code
        return found if found is not None and found.of == self.of else None

    def _save(self, name: str, step: Contract) -> None:
        self._saved.save(name, step.model_dump_json().encode())
        left = self._time_left()
        self._longest = max(self._longest, self._since - left)
        self._since = left
        if left < RESERVE + _MARGIN * self._longest:
            raise WorkContinuesError(f"{name} is done; the next try goes on from there.")
