"""Long jobs: where who waits meets how it ended, and the services that do them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from windfall.contracts.audio import AudioPlan
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.jobs import Completion, JobId


class JobRow(NamedTuple):
    """A job as its row stands after a write.

    Attributes:
        tokens: Every task token that ever waited for it; a token that is closed stays here.
        completion: How it ended, once that is known; the first to be written stays.
        listed: Whether reconcile_jobs looks after it.
        handle: What the service calls the job, where that is not its name.
    """

    tokens: frozenset[str] = frozenset()
    completion: Completion | None = None
    listed: bool = False
    handle: str | None = None


class ParkedJob(NamedTuple):
    """A job that is waited for, and what its service calls it."""

    job: JobId
    handle: str | None = None


class JobTable(Protocol):
    """The rows of jobs; each method is one atomic write of one row, or one read.

    Every method raises `TransientError` when the table can not answer now.
    """

    def park(self, job: JobId, token: str, due: str, handle: str | None = None) -> JobRow:
        """Add a token, keep the handle, and list the job to be asked after once it is due."""
        ...

    def complete(self, job: JobId, completion: Completion) -> JobRow:
        """Write how a job ended, unless that is written already."""
        ...

    def postpone(self, job: JobId, due: str) -> None:
        """Ask after a listed job later; one that is not listed stays so."""
        ...

    def unlist(self, job: JobId) -> None:
        """Ask after a job no more: all who wait were told."""
        ...

    def overdue(self, now: str, limit: int) -> Sequence[ParkedJob]:
        """Listed jobs that are due, the longest overdue first; may be some seconds old."""
        ...


class TaskTokens(Protocol):
    """Step Functions' tasks that wait for a token."""

    def tell(self, token: str, completion: Completion) -> bool:
        """End the task that waits; False when nobody waits any more (ended, timed out).

        Raises:
            TransientError: It can not be told now.
        """
        ...


class JobService(Protocol):
    """A service that does long jobs."""

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """How a job ended; None while it runs.

        A job that the service does not know has ended as failed: it vanished.

        Args:
            name: The name that it was submitted under.
            handle: What the service calls it, as `submit` answered or as its event says; services
                that know their jobs by name do without.

        Raises:
            TransientError: The service can not answer now.
        """
        ...


class TranscriptionRequest(NamedTuple):
    """A recording to transcribe.

    Attributes:
        channels: Transcribe each channel by itself; speakers are not told apart then.
        output: The transcript's place, its key ends with `.json`.
    """

    name: str
    source: S3Pointer
    media_format: str
    plan: AudioPlan
    channels: bool
    output: S3Pointer


class Transcription(JobService, Protocol):
    """Amazon Transcribe."""

    def submit(self, request: TranscriptionRequest) -> str:
        """Start a job, or find the one of that name; answers with its handle, which is its name.

        Raises:
            InvalidInputError: Transcribe does not take the recording or the settings.
            UnsupportedError: It can not do that, here or at all.
            TransientError: It is busy.
            QuotaExceededError: Too many jobs run.
        """
        ...
