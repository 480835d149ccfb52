"""Splits a table and says what is to be trained on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from split_table.division import TableDivider
from split_table.models import TableSplit
from split_table.requests import training_request
from windfall.addresses import object_at
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.training import Algorithm
from windfall.errors import NotFoundError
from windfall.features import Finding, settle
from windfall.ports.training import JobKind
from windfall.training.files import DATA, SPLIT, TrainingFiles
from windfall.training.jobs import earlier_job
from windfall.training.names import TrainingNames

if TYPE_CHECKING:
    from split_table.models import SplitTableTask
    from split_table.requests import TrainingPlace
    from windfall.checkpoints import TimeLeft
    from windfall.contracts.dataset import DatasetAnalysis
    from windfall.ports.storage import ObjectStore
    from windfall.ports.training import JobState, TrainingJobs


@dataclass(frozen=True, slots=True)
class TableSplitter:
    """Splits tables.

    Attributes:
        prefix: What this stack's names at SageMaker begin with.
        place: Where and as whom it trains.
    """

    store: ObjectStore
    jobs: TrainingJobs
    prefix: str
    place: TrainingPlace
    clock: Clock = utc_now

    def split(self, task: SplitTableTask, time_left: TimeLeft) -> TableSplit:
        """Split the table.

        Raises:
            WorkContinuesError: Time runs low; the next try goes on.
            TransientError: Try again.
        """
        analysis = task.analysis
        files = TrainingFiles(self.store, analysis.output)
        checkpoints = Checkpoints(self.store, analysis.output, "split")
        outcome = settle("split", checkpoints, self.clock, lambda: self._find(analysis, time_left))
        if outcome.status is not OutcomeStatus.OK:
            return TableSplit(outcomes=[outcome], ok=False)
        spec = files.spec()
        names = TrainingNames.of(self.prefix, spec.name, analysis)
        if spec.profile.algorithm is Algorithm.NONE or self._is_trained(analysis, names):
            return TableSplit(outcomes=[outcome], ok=True)
        request = training_request(spec, names, self.place, files.uri(f"{DATA}train/"))
        return TableSplit(outcomes=[outcome], ok=True, request=request)

    def _is_trained(self, analysis: DatasetAnalysis, names: TrainingNames) -> bool:
        """Whether an earlier attempt paid for the training before something else broke it off."""
        if Checkpoints(self.store, analysis.output, "training").finished() is not None:
            return True
        return earlier_job(self.jobs, JobKind.TRAINING, names, self._is_there) is not None

    def _is_there(self, state: JobState) -> bool:
        """Whether the model of a job that ended was not deleted since."""
        if state.model is None:
            return True
        try:
            self.store.open(object_at(state.model)).close()
        except NotFoundError:
            return False
        return True

    def _find(self, analysis: DatasetAnalysis, time_left: TimeLeft) -> Finding:
        files = TrainingFiles(self.store, analysis.output)
        spec = files.spec()
        split = TableDivider(self.store, analysis, spec, time_left).divide()
        summary = {
            "learnt_from": split.trained_on.rows,
            "held_out": split.held_back.rows,
            "method": str(spec.split.method),
            "rejected": split.rejected,
        }
        return Finding(files.pointer(SPLIT), summary)
