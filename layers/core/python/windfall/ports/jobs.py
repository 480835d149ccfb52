"""Long jobs: where who waits meets how it ended, and the services that do them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from windfall.contracts.audio import AudioPlan
    from windfall.contracts.base import OutputLocation, S3Pointer
    from windfall.contracts.jobs import Completion, JobId
    from windfall.contracts.languages import Engine
    from windfall.contracts.speech import NarrationKind


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

    def find(self, job: JobId) -> JobRow:
        """The row as it stands; an empty one when there is none."""
        ...

    def park(self, job: JobId, token: str, due: str, handle: str | None = None) -> JobRow:
        """Add a token, keep the handle, and list the job to be asked after once it is due."""
        ...

    def complete(self, job: JobId, completion: Completion) -> JobRow:
        """Write how a job ended, unless that is written already."""
        ...

    def claim(self, job: JobId, claim: str, instead_of: str | None = None) -> str:
        """Say who submits a job, unless that is said already; answers with the claim that stands.

        For services that would do the same job twice. A claim that is known to be abandoned is
        replaced by naming it in `instead_of`; somebody else may have been quicker.
        """
        ...

    def read(self, job: JobId) -> JobRow:
        """A job as it stands; empty when nobody wrote of it."""
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

    @property
    def written(self) -> S3Pointer:
        """Where the transcript lies that is read on; Transcribe names a redacted one itself."""
        if not self.plan.redact:
            return self.output
        folder, _, name = self.output.key.rpartition("/")
        return self.output.model_copy(update={"key": f"{folder}/redacted-{name}"})


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


class FolderRequest(NamedTuple):
    """A folder of documents to translate.

    Attributes:
        name: Makes the same again the same job.
        output: The job makes a folder of its own there.
        language: Of the documents, or `auto`.
    """

    name: str
    source: OutputLocation
    output: OutputLocation
    content_type: str
    language: str
    targets: Sequence[str]
    terminology: str | None = None


class FolderTranslation(JobService, Protocol):
    """Amazon Translate's batch jobs. All the account hears of their ends.

    `ended` raises `NotFoundError` for a job of somebody else.
    """

    def start(self, request: FolderRequest) -> str:
        """Start a job, or find the one of that name; answers with its id.

        Raises:
            InvalidInputError: Translate does not take the folder.
            UnsupportedError: It does not translate between these languages, here or at all.
            TransientError: It is busy, or too many jobs wait.
        """
        ...


class NarrationRequest(NamedTuple):
    """A text to speak into S3.

    Attributes:
        output: Where to, without the ending: Polly adds the task's id and the format.
        ssml: What to say, up to 100,000 billed characters.
        kind: Its sound, or the marks of its sentences and words.
    """

    output: S3Pointer
    ssml: str
    kind: NarrationKind
    voice: str
    engine: Engine
    lexicons: Sequence[str] = ()


class SpeechTasks(JobService, Protocol):
    """Amazon Polly's synthesis tasks, which have no token that makes two requests one."""

    def start(self, request: NarrationRequest) -> str:
        """Start a task; answers with its id.

        Raises:
            InvalidInputError: Polly does not take the text.
            UnsupportedError: The voice can not do that, here or at all.
            TransientError: It is busy; whether the task was started is not known.
        """
        ...

    def find(self, output: S3Pointer) -> str | None:
        """The id of a task of the last three days that writes there; None when there is none."""
        ...
