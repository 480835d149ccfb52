"""A file that is to be claimed: what was found in it, what is planned, what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from windfall import identity
from windfall.contracts.subject import FileIdentity, Why
from windfall.ports.insights import Attachment
from windfall.preflight.inspection import inspect

if TYPE_CHECKING:
    from admit_file.budgets import Budgets, Estimated
    from admit_file.models import Arrival
    from windfall.planning.files import Choice, FilePlanner
    from windfall.planning.plans import Plan
    from windfall.ports.insights import AnalysisRow, FileRow
    from windfall.preflight.inspection import Inspection
    from windfall.preflight.snapshot import Snapshot


class Candidate(NamedTuple):
    """A file that was looked at and planned for, not yet claimed."""

    arrival: Arrival
    snapshot: Snapshot
    file: FileIdentity
    inspection: Inspection
    choice: Choice
    plan: Plan
    settings_hash: str
    analysis_id: str
    estimated: Estimated


class Seen(NamedTuple):
    """What stood in the index of a file and its bytes; all of it is checked when it is claimed.

    Attributes:
        analyses: All that there were of the same bytes, under whatever settings.
    """

    file: FileRow | None = None
    analysis: AnalysisRow | None = None
    analyses: frozenset[str] = frozenset()


def candidate_of(
    arrival: Arrival,
    snapshot: Snapshot,
    file_id: str,
    choice: Choice,
    planner: FilePlanner,
    budgets: Budgets,
) -> Candidate:
    """Look at the bytes and plan.

    Raises:
        InvalidInputError: No service takes the file.
        InvalidProfileError: Its profile can not be used.
    """
    inspection = inspect(snapshot, arrival.key, choice.tables)
    plan = planner.plan(inspection, choice, snapshot.size)
    settings = identity.settings_hash(
        inspection.kind,
        inspection.format,
        plan.features,
        plan.text,
        audio=plan.audio,
        table=plan.table,
        video=plan.video,
        training=plan.training,
    )
    pointer = snapshot.head.pointer
    file = FileIdentity(
        file_id=file_id,
        bucket=pointer.bucket,
        key=pointer.key,
        version_id=pointer.version_id,
        size=snapshot.size,
        format=inspection.format,
        media_type=inspection.media_type,
        content_sha256=snapshot.sha256,
    )
    analysis_id = identity.analysis_id(snapshot.sha256, settings)
    estimated = budgets.estimated(choice, plan, inspection, snapshot)
    return Candidate(
        arrival, snapshot, file, inspection, choice, plan, settings, analysis_id, estimated
    )


def attachment_of(candidate: Candidate, row: FileRow | None) -> Attachment:
    """What ties the file to its analysis: its next revision, and why there is one."""
    return Attachment(
        file=candidate.file,
        kind=candidate.inspection.kind,
        received=candidate.arrival.received,
        profile=candidate.choice.name,
        settings_hash=candidate.settings_hash,
        retention_days=candidate.choice.profile.retention_days,
        revision=1 if row is None else row.revision + 1,
        why=why_of(candidate.arrival, row, candidate.analysis_id),
        asked=candidate.arrival.asked,
        trace_id=candidate.arrival.trace_id,
    )


def why_of(arrival: Arrival, row: FileRow | None, analysis_id: str | None = None) -> Why:
    """Why a file is taken on now."""
    if not arrival.requested:
        return Why.DROPPED
    if row is None or row.analysis_id is None:
        return Why.REQUESTED
    if arrival.force:
        return Why.FORCED
    return Why.RERUN if row.analysis_id == analysis_id else Why.SETTINGS_CHANGED
