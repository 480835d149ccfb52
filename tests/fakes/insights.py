"""The index of insights in memory, with the same conditions as the table's."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.hooks import Hook
from tests.fakes.spending import FakeBudgets
from windfall import identity
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.outcome import Outcome
from windfall.errors import ConflictError
from windfall.ports.insights import (
    ANALYZING,
    AnalysisRow,
    AnalysisState,
    Attachment,
    FileRow,
    InsightsIndex,
    Term,
)
from windfall.ports.spending import Reservation


class FakeInsightsIndex:
    """Files, analyses and generations in memory."""

    def __init__(self, hook: Hook | None = None, budgets: FakeBudgets | None = None) -> None:
        self.hook = hook or Hook()
        self.budgets = budgets or FakeBudgets()
        self.files: dict[str, FileRow] = {}
        self.analyses: dict[str, AnalysisRow] = {}
        self.contents: dict[str, frozenset[str]] = {}
        self.attached: dict[str, list[tuple[int, Attachment]]] = {}
        self.generations: dict[tuple[str, str], tuple[list[Outcome], list[Term]]] = {}

    def file(self, file_id: str) -> FileRow | None:
        """A file as it stands."""
        self.hook.before("file")
        return self.files.get(file_id)

    def analysis(self, analysis_id: str) -> AnalysisRow | None:
        """An analysis as it stands."""
        self.hook.before("analysis")
        return self.analyses.get(analysis_id)

    def attachments(self, analysis_id: str, attempt: int) -> list[Attachment]:
        """The files attached to one attempt."""
        self.hook.before("attachments")
        return [file for number, file in self.attached.get(analysis_id, []) if number == attempt]

    def analyses_of(self, content_id: str) -> frozenset[str]:
        """The analyses that there were of the same bytes."""
        self.hook.before("analyses_of")
        return self.contents.get(content_id, frozenset())

    def begin(
        self,
        plan: AnalysisInput,
        attachment: Attachment,
        requested_by: str,
        seen: AnalysisRow | None,
        seen_file: FileRow | None,
        seen_analyses: frozenset[str] = frozenset(),
        reservation: Reservation | None = None,
    ) -> None:
        """Begin an attempt."""
        self.hook.before("begin")
        self._check(plan.analysis_id, seen, attachment, seen_file)
        content = identity.content_id(plan.file.content_sha256, plan.kind, plan.file.format)
        known = self.contents.get(content, frozenset())
        if known and not seen_analyses:
            raise ConflictError("The bytes are not as they were seen.")
        self.contents[content] = known | {plan.analysis_id}
        if reservation is not None:
            self.budgets.reserve(reservation)
        self.analyses[plan.analysis_id] = AnalysisRow(
            plan.analysis_id,
            plan.attempt,
            AnalysisState.RUNNING,
            plan,
            plan.model_dump_json(),
            1,
            requested_by,
        )
        self._claim(plan.analysis_id, plan.attempt, attachment)
        self.hook.after("begin")

    def attach(
        self, analysis: AnalysisRow, attachment: Attachment, seen_file: FileRow | None
    ) -> None:
        """Attach a file."""
        self.hook.before("attach")
        self._check(analysis.analysis_id, analysis, attachment, seen_file)
        now = self.analyses[analysis.analysis_id]
        self.analyses[now.analysis_id] = now._replace(attachments=now.attachments + 1)
        self._claim(analysis.analysis_id, analysis.attempt, attachment)
        self.hook.after("attach")

    def turn_away(
        self,
        manifest: Manifest,
        revision: int,
        retention_days: int,
        *,
        held_for: str | None = None,
        insights_stand: bool = False,
    ) -> None:
        """Write the row of a file that ends before any analysis."""
        self.hook.before("turn_away")
        assert retention_days > 0
        row = self.files.get(manifest.file_id)
        if row is not None and row.revision >= revision:
            raise ConflictError("The file is past this revision.")
        self.files[manifest.file_id] = _ended(row or _row_of(manifest), manifest)._replace(
            revision=revision,
            analysis_id=row.analysis_id if row and insights_stand else None,
            attempt=row.attempt if row and insights_stand else None,
            held_for=held_for,
        )
        self.hook.after("turn_away")

    def write_generation(
        self, attachment: Attachment, outcomes: Sequence[Outcome], terms: Sequence[Term]
    ) -> None:
        """Write unseen rows, in two halves between which a crash can fall."""
        key = (attachment.file.file_id, f"{attachment.revision:08}")
        self.hook.before("write_generation")
        self.generations[key] = (list(outcomes), [])
        self.hook.after("write_generation: half")
        self.generations[key] = (list(outcomes), list(terms))
        self.hook.after("write_generation")

    def show(self, manifest: Manifest, attachment: Attachment, *, generation: bool) -> None:
        """End the file, with its new generation."""
        self.hook.before("show")
        row = self.files.get(manifest.file_id)
        if row is None or (row.revision, row.status) != (attachment.revision, ANALYZING):
            raise ConflictError("The file does not wait for this analysis.")
        shown = f"{attachment.revision:08}" if generation else row.generation
        self.files[manifest.file_id] = _ended(row, manifest)._replace(generation=shown)
        self.hook.after("show")

    def remove_generation(self, file_id: str, generation: str) -> None:
        """Remove a generation."""
        self.hook.before("remove_generation")
        self.generations.pop((file_id, generation), None)
        self.hook.after("remove_generation")

    def announced(self, file_id: str, revision: int) -> None:
        """Note that the bus was told."""
        self.hook.before("announced")
        row = self.files.get(file_id)
        if row is not None and row.revision == revision:
            self.files[file_id] = row._replace(announced=True)
        self.hook.after("announced")

    def close(
        self,
        analysis_id: str,
        attempt: int,
        attachments: int,
        state: AnalysisState,
        outcomes: Sequence[Outcome],
    ) -> None:
        """End an attempt."""
        self.hook.before("close")
        row = self.analyses.get(analysis_id)
        expected = (attempt, attachments, AnalysisState.RUNNING)
        if row is None or (row.attempt, row.attachments, row.state) != expected:
            raise ConflictError("The analysis is not as it was seen.")
        self.analyses[analysis_id] = row._replace(state=state, outcomes=list(outcomes))
        self.hook.after("close")

    def reopen(self, seen: AnalysisRow, redrives: int) -> None:
        """Let an attempt run again."""
        self.hook.before("reopen")
        row = self.analyses[seen.analysis_id]
        if (row.attempt, row.state) != (seen.attempt, seen.state):
            raise ConflictError("The analysis is not as it was seen.")
        self.analyses[seen.analysis_id] = row._replace(
            state=AnalysisState.RUNNING, redrives=redrives, outcomes=None
        )
        self.hook.after("reopen")

    def wait_again(self, attachment: Attachment) -> None:
        """Let a file that failed wait again."""
        self.hook.before("wait_again")
        row = self.files[attachment.file.file_id]
        if (row.revision, row.status) == (attachment.revision, FileStatus.FAILED):
            again = row._replace(status=ANALYZING, reason=None, announced=False)
            self.files[row.file_id] = again
        self.hook.after("wait_again")

    def shown(self, file_id: str) -> tuple[list[Outcome], list[Term]] | None:
        """What a reader sees of a file."""
        row = self.files.get(file_id)
        if row is None or row.generation is None:
            return None
        return self.generations[file_id, row.generation]

    def _check(
        self,
        analysis_id: str,
        seen: AnalysisRow | None,
        attachment: Attachment,
        seen_file: FileRow | None,
    ) -> None:
        now = self.analyses.get(analysis_id)
        as_seen = None if seen is None else (seen.attempt, seen.state)
        if (None if now is None else (now.attempt, now.state)) != as_seen:
            raise ConflictError("The analysis is not as it was seen.")
        row = self.files.get(attachment.file.file_id)
        revision = None if seen_file is None else seen_file.revision
        if (None if row is None else row.revision) != revision:
            raise ConflictError("The file is not as it was seen.")

    def _claim(self, analysis_id: str, attempt: int, attachment: Attachment) -> None:
        file = attachment.file
        before = self.files.get(file.file_id)
        self.files[file.file_id] = FileRow(
            file_id=file.file_id,
            bucket=file.bucket,
            key=file.key,
            version_id=file.version_id,
            received=attachment.received,
            status=ANALYZING,
            revision=attachment.revision,
            kind=attachment.kind,
            format=file.format,
            size=file.size,
            profile=attachment.profile,
            analysis_id=analysis_id,
            attempt=attempt,
            generation=None if before is None else before.generation,
        )
        self.attached.setdefault(analysis_id, []).append((attempt, attachment))


def _row_of(manifest: Manifest) -> FileRow:
    return FileRow(
        file_id=manifest.file_id,
        bucket=manifest.bucket,
        key=manifest.key,
        version_id=manifest.version_id,
        received=manifest.received,
        status=ANALYZING,
        revision=0,
    )


def _ended(row: FileRow, manifest: Manifest) -> FileRow:
    return row._replace(
        status=manifest.status.value,
        reason=manifest.reason,
        recorded=manifest.recorded,
        seconds=manifest.seconds,
        announced=False,
    )


def as_index(index: FakeInsightsIndex) -> InsightsIndex:
    """Type-checked: the fake fulfils the port."""
    return index
