"""The rendezvous: a task that waits for a long job, and the job's end, whichever comes first.

Two sides write one row, each by one atomic write that answers with the whole row:

    park       adds the task's token         and sees whether the job has ended
    complete   writes how the job ended      and sees who waits

Whichever write comes second sees the other one, so it tells the waiting task. The row only grows:
tokens are added and never replaced (a task that is tried again has a new token, and a slow
invocation of an earlier try must not push it out), and the first completion stays. Telling a
closed token is harmless.

The job is listed from `park` until all were told, and what is listed is asked after once it is
overdue: a completion event that was lost, or a function that died between writing and telling.

The steps are generators that yield effects and get their answers, so that the tests can play every
order of them with a crash after each (tests/unit/windfall/test_rendezvous.py).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from windfall.clock import Clock, timestamp, utc_now
from windfall.contracts.jobs import Completion
from windfall.errors import (
    QuotaExceededError,
    SlotAwaitedError,
    TransientError,
    WindfallError,
)

if TYPE_CHECKING:
    from windfall.contracts.jobs import JobId
    from windfall.governor import Governor
    from windfall.ports.jobs import JobRow, JobService, JobTable, TaskTokens

ASK_AGAIN_AFTER = timedelta(minutes=15)
"""When to ask again after a job that is overdue and still runs."""


class Hold:
    """Hold a slot of the service for the job. Answered by whether there was one."""


class TurnAway(NamedTuple):
    """End the try of a task: it has to wait for a slot first."""

    token: str


class Submit:
    """Submit the job under its name; a job of that name that exists already is as good.

    Answered by the job's handle: what its service calls it.
    """


class Park(NamedTuple):
    """Add a token to the row, and the handle. Answered by the row."""

    token: str
    handle: str | None = None


class Ask(NamedTuple):
    """Ask the service how the job ended. Answered by a completion, or None while it runs."""

    handle: str | None = None


class Complete(NamedTuple):
    """Write how the job ended. Answered by the row."""

    completion: Completion


class Tell(NamedTuple):
    """End the task that waits with a token."""

    token: str
    completion: Completion


class Postpone:
    """Ask after the job later."""


class Release:
    """Give the job's slot back."""


class Unlist:
    """Ask after the job no more."""


Effect = Hold | TurnAway | Submit | Park | Ask | Complete | Tell | Postpone | Release | Unlist
Steps = Generator[Effect, Any, str]
"""Yields effects, is sent their answers, and returns what became of it."""


def submitting(token: str) -> Steps:
    """A task begins to wait for a job."""
    if not (yield Hold()):
        yield TurnAway(token)
        return "no slot is free"
    handle: str = yield Submit()
    row: JobRow = yield Park(token, handle)
    if row.completion is None:
        return "parked"
    # The job ended before the token was parked, and nobody could be told then.
    yield from _telling(row, row.completion)
    return "ended already"


def resuming(handle: str | None = None) -> Steps:
    """The service said that a job ended. The event is a hint; the service knows how it stands."""
    completion: Completion | None = yield Ask(handle)
    if completion is None:
        return "running"
    return (yield from _closing(completion))


def reconciling(handle: str | None = None) -> Steps:
    """A job is overdue: nothing was heard of it, or somebody died before all were told."""
    completion: Completion | None = yield Ask(handle)
    if completion is None:
        yield Postpone()
        return "running"
    return (yield from _closing(completion))


def _closing(completion: Completion) -> Steps:
    row: JobRow = yield Complete(completion)
    first = row.completion or completion
    if not row.tokens:
        yield Release()
        return "nobody waits yet"
    yield from _telling(row, first)
    return "failed" if first.error else "completed"


def _telling(row: JobRow, completion: Completion) -> Generator[Effect, Any, None]:
    """Tell everybody in the row, then unlist it.

    Everybody: whoever wrote the completion may have died before it told the others, and who parks
    after this row was read sees the completion and tells itself.
    """
    for token in sorted(row.tokens):
        yield Tell(token, completion)
    yield Release()
    yield Unlist()


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """Takes the steps of the rendezvous for real."""

    table: JobTable
    tokens: TaskTokens
    clock: Clock = utc_now
    governor: Governor | None = None

    def submit(
        self,
        job: JobId,
        token: str,
        submit: Callable[[], str],
        expected: timedelta,
        owner: str = "",
    ) -> str:
        """Submit a job and wait for it with a token; it is asked after when `expected` is over.

        `submit` answers with the job's handle; called again, it finds the job and answers the same.
        Where no slot of the service is free, the task ends with `SlotAwaitedError` and the job's
        name, and is to wait in `await_slot`; `owner` is the execution, which may break off.

        Raises:
            WindfallError: What submitting raised, or `TransientError`; then nobody waits, and the
                same again is harmless.
        """
        return self._take(submitting(token), job, submit=submit, due=expected, owner=owner)

    def running(self, jobs: Iterable[JobId]) -> JobId | None:
        """The first of several jobs that was submitted, and of whose end nothing is known.

        Raises:
            TransientError: The table can not answer now.
        """
        for job in jobs:
            row = self.table.read(job)
            if row.tokens and row.completion is None:
                return job
        return None

    def resume(self, job: JobId, service: JobService, handle: str | None = None) -> str:
        """Tell who waits for a job that it ended; "running" when it did not.

        The event names the handle: it may come before the row does.

        Raises:
            TransientError: The same again is harmless, and needed.
        """
        return self._take(resuming(handle), job, service=service)

    def reconcile(self, job: JobId, service: JobService, handle: str | None = None) -> str:
        """Look after a job that is overdue; raises as `resume`."""
        return self._take(reconciling(handle), job, service=service, due=ASK_AGAIN_AFTER)

    def _take(
        self,
        steps: Steps,
        job: JobId,
        *,
        submit: Callable[[], str] | None = None,
        service: JobService | None = None,
        due: timedelta = ASK_AGAIN_AFTER,
        owner: str = "",
    ) -> str:
        answer: Any = None
        while True:
            try:
                effect = steps.send(answer)
            except StopIteration as end:
                return str(end.value)
            answer = None
            match effect:
                case Hold() | TurnAway() | Release():
                    answer = self._govern(effect, job, owner, due)
                case Submit():
                    answer = self._submitted(job, submit) if submit is not None else None
                case Ask(handle):
                    answer = service.ended(job.name, handle) if service is not None else None
                case Park(token, handle):
                    answer = self.table.park(job, token, timestamp(self.clock() + due), handle)
                case Complete(completion):
                    answer = self.table.complete(job, completion)
                case Tell(token, completion):
                    answer = self.tokens.tell(token, completion)
                case Postpone():
                    self.table.postpone(job, timestamp(self.clock() + due))
                case Unlist():
                    self.table.unlist(job)

    def _submitted(self, job: JobId, submit: Callable[[], str]) -> str:
        """Submit a job; one that its service refuses for good needs its slot no more."""
        try:
            return submit()
        except (TransientError, QuotaExceededError):
            # It is tried again, with the slot that it has.
            raise
        except WindfallError:
            self._govern(Release(), job, "", ASK_AGAIN_AFTER)
            raise

    def _govern(
        self, effect: Hold | TurnAway | Release, job: JobId, owner: str, due: timedelta
    ) -> bool:
        match effect:
            case TurnAway(token):
                wait = Completion(error=SlotAwaitedError.__name__, reason=job.name)
                return self.tokens.tell(token, wait)
            case Hold() if self.governor is not None:
                return self.governor.take(job, owner, due)
            case Release() if self.governor is not None:
                self.governor.release(job)
        return True
