"""Looks at a whole table and decides what is trained on it, before anything is paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from profile_table.describing import TableDescription
from profile_table.inference import Draft
from profile_table.models import ProfiledTable, ProfileTableTask
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.base import Contract, OutputLocation, S3Pointer
from windfall.contracts.table import TableLayout
from windfall.contracts.training import SpecPointer, TrainingSpec
from windfall.errors import InvalidInputError
from windfall.features import Finding, settle
from windfall.tables.reading import open_table

if TYPE_CHECKING:
    from windfall.contracts.analysis import AnalysisInput
    from windfall.contracts.data_profile import DataProfile
    from windfall.ports.storage import ObjectStore

PROFILE, SPEC = "profile.json", "spec.json"
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
        pointer = S3Pointer(bucket=output.bucket, key=output.prefix + SPEC)
        spec = TrainingSpec.model_validate_json(self.store.read(pointer))
        training = SpecPointer(spec=pointer, name=spec.name, task=spec.task)
        return ProfiledTable(outcomes=[outcome], training=training)

    def _find(self, analysis: AnalysisInput) -> Finding:
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
        self._save(analysis.output, SPEC, spec)
        result = self._save(analysis.output, PROFILE, profile)
        return Finding(result, _summary(spec, profile))

    def _save(self, output: OutputLocation, name: str, document: Contract) -> S3Pointer:
        body = document.model_dump_json(indent=2).encode()
        return self.store.write(output.bucket, output.prefix + name, body, "application/json")


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
