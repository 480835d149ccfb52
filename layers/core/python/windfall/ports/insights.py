"""The index of files, analyses and insights: claims that only one can make, rows shown whole.

An analysis is `running` until its last attached file is recorded (or failed). Closing it is
conditional on the number of attached files, so a file that attaches meanwhile is either seen by
the one who closes, or sees the analysis closed. One that failed runs again when its execution is
redriven, unless a newer attempt was begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from windfall.contracts.base import Contract, Sha256, Timestamp
from windfall.contracts.subject import AnalysisSubject, Asked, FileIdentity, Kind, Why

if TYPE_CHECKING:
    from windfall.contracts.analysis import AnalysisInput
    from windfall.contracts.manifest import Manifest
    from windfall.contracts.outcome import Outcome
    from windfall.ports.spending import Reservation

ANALYZING = "analyzing"
"""The status of a file until it is one of `FileStatus`."""


class AnalysisState(StrEnum):
    """Where an analysis stands."""

    RUNNING = "running"
    RECORDED = "recorded"
    FAILED = "failed"


class Attachment(Contract):
    """A file that waits for an analysis: all that its manifest needs beyond the outcomes.

    Attributes:
        revision: Grows with every claim on the file; its insights carry it as their generation.
        asked: What a request asked for instead of what the profile says; null when nothing was.
        trace_id: Of the X-Ray trace that the file's event began; null when it has none.
    """

    file: FileIdentity
    kind: Kind
    received: Timestamp
    profile: str
    settings_hash: Sha256
    retention_days: int
    revision: int
    why: Why = Why.DROPPED
    asked: Asked | None = None
    trace_id: str | None = None


class FileRow(NamedTuple):
    """A file as it stands.

    Attributes:
        status: `analyzing`, or a `FileStatus`.
        generation: Which insights are shown; None before the first.
        announced: Whether the bus was told of the status.
        held_for: The event that asked for what is held.
    """

    file_id: str
    bucket: str
    key: str
    version_id: str | None
    received: str
    status: str
    revision: int
    kind: Kind | None = None
    format: str | None = None
    size: int | None = None
    profile: str | None = None
    analysis_id: str | None = None
    attempt: int | None = None
    generation: str | None = None
    reason: str | None = None
    recorded: str | None = None
    seconds: float | None = None
    announced: bool = False
    held_for: str | None = None


class AnalysisRow(NamedTuple):
    """An analysis as it stands.

    Attributes:
        document: The `AnalysisInput` that its execution was, or is to be, started with.
        attachments: How many files attached to this attempt.
        requested_by: The event that began the attempt.
        outcomes: Once recorded.
        redrives: How often its execution was redriven, as far as is known.
    """

    analysis_id: str
    attempt: int
    state: AnalysisState
    subject: AnalysisSubject
    document: str
    attachments: int
    requested_by: str
    outcomes: list[Outcome] | None = None
    redrives: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """Something to find files by.

    Attributes:
        type: `label`, `text`, `celebrity`, `face`, `moderation`, `entity`, `phrase`, `pii`,
            `sentiment`, `language` or `prediction`.
        normalised: What is searched for: lower case, single spaces.
        text: As it stood in the file.
        score: How sure the service is, in percent; the best of its places.
        count: How often it stands in the file.
    """

    type: str
    normalised: str
    text: str
    score: float
    count: int
    feature: str


class InsightsIndex(Protocol):
    """Amazon DynamoDB's table of insights, as the functions write it.

    Every method raises `TransientError` when the table can not answer now. Reads are consistent.
    """

    def file(self, file_id: str) -> FileRow | None:
        """A file as it stands."""
        ...

    def analysis(self, analysis_id: str) -> AnalysisRow | None:
        """An analysis as it stands."""
        ...

    def attachments(self, analysis_id: str, attempt: int) -> list[Attachment]:
        """The files attached to one attempt of an analysis."""
        ...

    def analyses_of(self, content_id: str) -> frozenset[str]:
        """The analyses that there were of the same bytes, by their ids."""
        ...

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
        """Begin an attempt with its first file, if nothing changed since it was seen.

        With `seen_analyses` empty, only if there never was an analysis of these bytes.
        Dollars are set aside by the same write, if there is room for them.

        Raises:
            ConflictError: The analysis, the file or the bytes are not as seen; nothing was written.
        """
        ...

    def attach(
        self, analysis: AnalysisRow, attachment: Attachment, seen_file: FileRow | None
    ) -> None:
        """Attach a file to an analysis that is still in this attempt and state.

        Raises:
            ConflictError: The analysis or the file is not as seen; nothing was written.
        """
        ...

    def turn_away(
        self,
        manifest: Manifest,
        revision: int,
        retention_days: int,
        *,
        held_for: str | None = None,
        insights_stand: bool = False,
    ) -> None:
        """Write the row of a file that ends before any analysis: rejected, failed or held.

        With `insights_stand`, it stays known which analysis the file's insights are of.

        Raises:
            ConflictError: The file's row is past this revision; nothing was written.
        """
        ...

    def write_generation(
        self, attachment: Attachment, outcomes: Sequence[Outcome], terms: Sequence[Term]
    ) -> None:
        """Write a file's outcomes and terms where nobody sees them yet; again is harmless."""
        ...

    def show(self, manifest: Manifest, attachment: Attachment, *, generation: bool) -> None:
        """End the file as its manifest says; with `generation`, its new insights show from now on.

        Raises:
            ConflictError: The file is not waiting for this analysis any more.
        """
        ...

    def remove_generation(self, file_id: str, generation: str) -> None:
        """Remove outcomes and terms that are not shown any more."""
        ...

    def announced(self, file_id: str, revision: int) -> None:
        """Note that the bus was told of the file's end; nothing happens if it moved on."""
        ...

    def close(
        self,
        analysis_id: str,
        attempt: int,
        attachments: int,
        state: AnalysisState,
        outcomes: Sequence[Outcome],
    ) -> None:
        """End an attempt, if it is running with exactly so many files.

        Raises:
            ConflictError: More files attached meanwhile, or it was closed already.
        """
        ...

    def reopen(self, seen: AnalysisRow, redrives: int) -> None:
        """Let an attempt run again, whose execution was redriven so often.

        Raises:
            ConflictError: The analysis is not as seen; nothing was written.
        """
        ...

    def wait_again(self, attachment: Attachment) -> None:
        """Let a file that failed wait for its analysis again; nothing happens if it moved on."""
        ...
