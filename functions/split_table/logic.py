"""Splits a table and says what is to be trained on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from split_table.division import TableDivider
from split_table.models import TableSplit
from split_table.requests import training_request
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.training import Algorithm
from windfall.features import Finding, settle
from windfall.training.files import DATA, SPLIT, TrainingFiles
from windfall.training.names import TrainingNames

if TYPE_CHECKING:
    from split_table.models import SplitTableTask
    from split_table.requests import TrainingPlace
    from windfall.contracts.dataset import DatasetAnalysis
    from windfall.ports.storage import ObjectStore


@dataclass(frozen=True, slots=True)
class TableSplitter:
    """Splits tables.

    Attributes:
        prefix: What this stack's names at SageMaker begin with.
        place: Where and as whom it trains.
    """

    store: ObjectStore
    prefix: str
    place: TrainingPlace
    clock: Clock = utc_now

    def split(self, task: SplitTableTask) -> TableSplit:
        """Split the table.

        Raises:
            TransientError: Try again.
        """
        analysis = task.analysis
        files = TrainingFiles(self.store, analysis.output)
        checkpoints = Checkpoints(self.store, analysis.output, "split")
        outcome = settle("split", checkpoints, self.clock, lambda: self._find(analysis))
        if outcome.status is not OutcomeStatus.OK:
            return TableSplit(outcomes=[outcome], ok=False)
        spec = files.spec()
        names = TrainingNames.of(self.prefix, spec.name, analysis)
        # An earlier attempt may have paid for the training before something else broke it off.
        trained = Checkpoints(self.store, analysis.output, "training").finished()
        if spec.profile.algorithm is Algorithm.NONE or trained is not None:
            return TableSplit(outcomes=[outcome], ok=True)
        request = training_request(spec, names, self.place, files.uri(f"{DATA}train/"))
        return TableSplit(outcomes=[outcome], ok=True, request=request)

    def _find(self, analysis: DatasetAnalysis) -> Finding:
        files = TrainingFiles(self.store, analysis.output)
        spec = files.spec()
        split = TableDivider(self.store, analysis, spec).divide()
        summary = {
            "learnt_from": split.trained_on.rows,
            "held_out": split.held_back.rows,
            "method": str(spec.split.method),
            "rejected": split.rejected,
        }
        return Finding(files.pointer(SPLIT), summary)
