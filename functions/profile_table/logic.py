"""Looks at a whole table and decides what is trained on it, before anything is paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from profile_table.describing import TableDescription
from profile_table.inference import Draft
from profile_table.models import ProfiledTable, ProfileTableTask
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.table import TableLayout
from windfall.contracts.training import SpecPointer
from windfall.errors import InvalidInputError
from windfall.features import Finding, settle
from windfall.tables.reading import open_table
from windfall.training.files import PROFILE, SPEC, TrainingFiles

if TYPE_CHECKING:
    from windfall.contracts.data_profile import DataProfile
    from windfall.contracts.dataset import DatasetAnalysis
    from windfall.contracts.training import TrainingSpec
    from windfall.ports.storage import ObjectStore

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class TableProfiler:
    """Profiles tables."""

    store: ObjectStore
    clock: Clock = utc_now

    def profile(self, task: ProfileTableTask) -> ProfiledTable:
        """Profile the table and save the spec.

        Raises:
            TransientError: Try again.
        """
        analysis, output = task.analysis, task.analysis.output
        checkpoints = Checkpoints(self.store, output, "profile")
        outcome = settle("profile", checkpoints, self.clock, lambda: self._find(analysis))
        if outcome.result is None:
            return ProfiledTable(outcomes=[outcome])
        files = TrainingFiles(self.store, output)
        spec = files.spec()
        training = SpecPointer(
            spec=files.pointer(SPEC),
            name=spec.name,
            task=spec.task,
            deploy=spec.profile.deploy.mode,
        )
        return ProfiledTable(outcomes=[outcome], training=training)

    def _find(self, analysis: DatasetAnalysis) -> Finding:
        layout = analysis.layout or TableLayout()
        if analysis.training is None:
            raise InvalidInputError("The analysis does not say what to train.")
        with open_table(self.store, analysis.source, analysis.file.format, layout) as table:
            description = TableDescription(table.header, layout.decimal)
            description.add(table.rows)
        draft = Draft(
            profile=analysis.training,
            columns={column.name: column for column in description.columns},
            rows=description.rows,
            key=analysis.file.key,
        )
        spec = draft.finish()
        profile = description.profile(spec)
        files = TrainingFiles(self.store, analysis.output)
        files.save(SPEC, spec)
        return Finding(files.save(PROFILE, profile), _summary(spec, profile))


def _summary(spec: TrainingSpec, profile: DataProfile) -> dict[str, object]:
    return {
        "model": spec.name,
        "target": spec.target,
        "task": spec.task.value,
        "rows": profile.rows,
        "columns": len(spec.columns),
        "warnings": profile.warnings[:_SHOWN],
        "inferred": spec.inferred,
    }
