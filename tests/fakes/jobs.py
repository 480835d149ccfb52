"""Long jobs in memory: their rows, the tasks that wait, and services that do nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from windfall.contracts.base import S3Pointer
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import NotFoundError, WindfallError
from windfall.ports.jobs import (
    FolderRequest,
    FolderTranslation,
    JobRow,
    JobTable,
    NarrationRequest,
    ParkedJob,
    SpeechTasks,
    TaskTokens,
    Transcription,
    TranscriptionRequest,
)


class FakeJobTable:
    """Rows in memory; `due` has those that are listed."""

    def __init__(self) -> None:
        self.rows: dict[JobId, JobRow] = {}
        self.due: dict[JobId, str] = {}
        self.claims: dict[JobId, str] = {}

    def find(self, job: JobId) -> JobRow:
        """The row."""
        return self.rows.get(job, JobRow())

    def park(self, job: JobId, token: str, due: str, handle: str | None = None) -> JobRow:
        """Add a token."""
        row = self.rows.get(job, JobRow())
        self.due[job] = due
        self.rows[job] = row._replace(
            tokens=row.tokens | {token}, listed=True, handle=handle or row.handle
        )
        return self.rows[job]

    def complete(self, job: JobId, completion: Completion) -> JobRow:
        """Write the first completion."""
        row = self.rows.get(job, JobRow())
        self.rows[job] = row._replace(completion=row.completion or completion)
        return self.rows[job]

    def claim(self, job: JobId, claim: str, instead_of: str | None = None) -> str:
        """Write the first claim, or one instead of another."""
        if self.claims.get(job) == instead_of:
            self.claims[job] = claim
        return self.claims[job]

    def read(self, job: JobId) -> JobRow:
        """A row."""
        return self.rows.get(job, JobRow())

    def postpone(self, job: JobId, due: str) -> None:
        """Ask later."""
        if job in self.due:
            self.due[job] = due

    def unlist(self, job: JobId) -> None:
        """Ask no more."""
        self.due.pop(job, None)

    def overdue(self, now: str, limit: int) -> Sequence[ParkedJob]:
        """What is due, oldest first."""
        due = sorted((job for job, due in self.due.items() if due < now), key=self.due.__getitem__)
        return [ParkedJob(job, self.rows[job].handle) for job in due]


class FakeTokens:
    """Keeps what tasks were told; tokens in `closed` wait no more."""

    def __init__(self, closed: set[str] | None = None) -> None:
        self.told: dict[str, Completion] = {}
        self.closed = closed or set()

    def tell(self, token: str, completion: Completion) -> bool:
        """Tell a task, once."""
        if token in self.closed:
            return False
        self.told[token] = completion
        self.closed.add(token)
        return True


class FakeTranscription:
    """Jobs by name; a test ends them by writing to `endings`, or breaks a name in `broken`."""

    def __init__(self) -> None:
        self.requests: dict[str, TranscriptionRequest] = {}
        self.endings: dict[str, Completion] = {}
        self.broken: dict[str, WindfallError] = {}

    def submit(self, request: TranscriptionRequest) -> str:
        """Keep a request, unless its name is taken."""
        return self.requests.setdefault(request.name, request).name

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """What the test wrote."""
        if name in self.broken:
            raise self.broken[name]
        return self.endings.get(name)


class FakeFolderTranslation:
    """Translate's batch jobs: a job for each name; a test ends them by writing to `endings`."""

    def __init__(self) -> None:
        self.requests: list[FolderRequest] = []
        self.endings: dict[str, Completion] = {}

    def start(self, request: FolderRequest) -> str:
        """Begin a job, unless there is one of that name."""
        names = [one.name for one in self.requests]
        if request.name not in names:
            self.requests.append(request)
            names.append(request.name)
        return f"job-{names.index(request.name) + 1}"

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """What the test wrote; other jobs are somebody else's."""
        if name not in self.endings:
            raise NotFoundError(name)
        return self.endings[name]


class FakeSpeechTasks:
    """Polly's tasks: what was started is listed; a test ends them by writing to `endings`.

    `hook` is called before and after each start, and may raise.
    """

    def __init__(self, hook: Callable[[str], None] | None = None) -> None:
        self.started: list[NarrationRequest] = []
        self.endings: dict[str, Completion] = {}
        self.asked: list[tuple[str, str | None]] = []
        self._hook = hook or (lambda _: None)

    def start(self, request: NarrationRequest) -> str:
        """Begin a task, even one that was begun already."""
        self._hook("before the start")
        self.started.append(request)
        self._hook("after the start")
        return f"task-{len(self.started)}"

    def find(self, output: S3Pointer) -> str | None:
        """The first task that writes there."""
        outputs = [request.output for request in self.started]
        return f"task-{outputs.index(output) + 1}" if output in outputs else None

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """What the test wrote."""
        self.asked.append((name, handle))
        return self.endings.get(name)


def as_ports(
    table: FakeJobTable,
    tokens: FakeTokens,
    transcription: FakeTranscription,
    speech_tasks: FakeSpeechTasks,
    folders: FakeFolderTranslation,
) -> tuple[JobTable, TaskTokens, Transcription, SpeechTasks, FolderTranslation]:
    """Type-checked: the fakes fulfil the ports."""
    return table, tokens, transcription, speech_tasks, folders
