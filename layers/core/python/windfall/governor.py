"""The governor: a job takes a slot before it is submitted, and who finds none waits in order.

A service that runs so many jobs at a time has as many numbered slots, each of them a row that
names its holder. So the count can not drift: there is none. Each write is of one slot, under the
condition that it is as it was seen; only a grant writes two rows, the slot and the waiter's.

Whoever changes something looks again afterwards and hands every free slot to who waits longest:

    who frees a slot     looks for waiters     after the slot is free
    who begins to wait   looks for free slots  after the waiter stands in the queue

Whichever write comes second sees the other one, so no slot is idle while somebody waits. Who has
not waited takes a slot only while nobody waits.

A lease is never taken from a job that runs: once it is due, the service is asked. One that was
granted and not used in time is told of again, by whoever hands out next, and given back when nobody
is there to be told of it.

The steps are generators that yield effects and get their answers, so that the tests can play every
order of them with a crash after each (tests/unit/windfall/test_governor.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from windfall.clock import Clock, timestamp, utc_now
from windfall.contracts.jobs import Completion
from windfall.ports.leases import Waiter
from windfall.quotas import JOB_QUOTAS

if TYPE_CHECKING:
    from windfall.contracts.jobs import JobId
    from windfall.ports.jobs import TaskTokens
    from windfall.ports.leases import Lease, LeaseTable, Room

_TO_USE = timedelta(seconds=45)
"""How long a task that was told of its slot may need to come and use it.

Who comes later stands in the queue again, where it stood before. It is less than the minute after
which Lambda tries an event again: the same function, should it have died before it told, tells it.
"""
_LOOK_AGAIN_AFTER = timedelta(minutes=15)
"""When to ask again after a job that runs for longer than was expected."""
_SOON = timedelta(minutes=2)
"""When to look after a lease whose execution broke off: by then its functions have ended."""


class Look:
    """Read the slots and the first who wait. Answered by the room."""


class Take(NamedTuple):
    """Hold one of these slots and use it. Answered by the lease; None if it was not free."""

    slots: tuple[int, ...]


class Use(NamedTuple):
    """Come to submit the job of a lease. Answered by the lease; None if it was given back."""

    lease: Lease


class Enqueue(NamedTuple):
    """Wait, with a token."""

    token: str


class Grant(NamedTuple):
    """Hold one of these slots for one of these waiters, who waits no more.

    Answered by the lease; None if something changed meanwhile.
    """

    waiters: tuple[Waiter, ...]
    slots: tuple[int, ...]


class Tell(NamedTuple):
    """Tell a task that it has its slot. Answered by whether it waited."""

    token: str


class Free(NamedTuple):
    """Give a lease back; `unchanged` only if nobody used or renewed it since it was read."""

    lease: Lease
    unchanged: bool = False


class Ask(NamedTuple):
    """Ask the service whether the job of a lease is under way; None if it can not say."""

    lease: Lease


class Postpone(NamedTuple):
    """Look at a lease later, or `soon`. Answered by the lease; None if it changed meanwhile."""

    lease: Lease
    soon: bool = False


Effect = Look | Take | Use | Enqueue | Grant | Tell | Free | Ask | Postpone
Steps = Generator[Effect, Any, "Lease | None"]
"""Yields effects, is sent their answers, and returns the lease, if it is to get one."""


def taking(holder: str) -> Steps:
    """A job is about to be submitted."""
    while True:
        room: Room = yield Look()
        held = room.held_by(holder)
        if held is None and (room.waiters or not room.free):
            return None
        lease: Lease | None = yield (Take(room.free) if held is None else Use(held))
        if lease is not None:
            return lease


def waiting(holder: str, token: str, now: str) -> Steps:
    """A job that found no slot begins to wait for one."""
    room: Room = yield Look()
    held = room.held_by(holder)
    if held is not None and (yield Postpone(held)) is not None:
        # It was granted to an earlier try, which died before it was told.
        yield Tell(token)
        return held
    yield Enqueue(token)
    return (yield from handing_out(now))


def releasing(holder: str, now: str) -> Steps:
    """A job has ended."""
    room: Room = yield Look()
    for lease in room.leases:
        if lease.holder == holder:
            yield Free(lease)
    return (yield from handing_out(now))


def abandoning(owner: str, now: str) -> Steps:
    """An execution broke off. Its jobs may run on, so their leases are only looked at soon."""
    room: Room = yield Look()
    for lease in room.leases:
        if lease.owner == owner:
            yield Postpone(lease, soon=True) if lease.used else Free(lease, unchanged=True)
    return (yield from handing_out(now))


def reconciling(now: str) -> Steps:
    """Look after the leases that are due, and after who was forgotten by a crash."""
    room: Room = yield Look()
    for lease in room.leases:
        if lease.used and lease.due <= now:
            under_way: bool | None = yield Ask(lease)
            yield Free(lease, unchanged=True) if under_way is False else Postpone(lease)
    return (yield from handing_out(now))


def handing_out(now: str) -> Steps:
    """Hand every free slot to who waits longest.

    Nobody looks again after the last slot: who frees another one does.
    """
    room: Room = yield Look()
    forgotten = [lease for lease in room.leases if not lease.used and lease.due <= now]
    for lease in forgotten:
        kept = yield from _telling(lease.tokens)
        yield Postpone(lease) if kept else Free(lease, unchanged=True)
    if forgotten:
        room = yield Look()
    while room.free:
        # Who holds a slot already is an earlier try of itself, and gets no second one.
        waiters = tuple(one for one in room.waiters if room.held_by(one.holder) is None)
        if not waiters:
            return None
        # As many as there are free slots are served in any case: which of them comes first does
        # not matter, and two who hand out at the same time seldom choose the same one.
        granted: Lease | None = yield Grant(waiters[: len(room.free)], room.free)
        if granted is not None and (yield from _telling(granted.tokens)):
            room = room.after(granted)
            if room.waiters:
                continue
        elif granted is not None:
            yield Free(granted, unchanged=True)
        room = yield Look()
    return None


def _telling(tokens: frozenset[str]) -> Generator[Effect, Any, bool]:
    """Tell the tasks that have waited; the answer is whether one was there."""
    told = False
    for token in sorted(tokens):
        told = (yield Tell(token)) or told
    return told


@dataclass(frozen=True, slots=True)
class Governor:
    """Takes the steps of the governor for real. A service without a quota has slots without end."""

    leases: LeaseTable
    tokens: TaskTokens
    clock: Clock = utc_now

    def take(self, job: JobId, owner: str, hold: timedelta) -> bool:
        """Hold a slot for a job that is about to be submitted; False when it has to wait.

        Args:
            job: Has one slot, however often it is asked for.
            owner: The execution that the job belongs to.
            hold: When to look whether the job still runs; longer than the function may take.

        Raises:
            TransientError: Try again.
        """
        if job.service not in JOB_QUOTAS:
            return True
        waiter = Waiter(job.name, owner, "")
        return self._run(taking(job.name), job.service, waiter, hold) is not None

    def wait(self, job: JobId, owner: str, since: str, token: str) -> None:
        """Wait for a slot with a task's token; who waits since earlier is served earlier.

        Raises:
            TransientError: Try again.
        """
        waiter = Waiter(job.name, owner, since, frozenset({token}))
        self._run(waiting(job.name, token, self._now()), job.service, waiter)

    def release(self, job: JobId) -> None:
        """Give back the slot of a job that has ended; raises as `wait`."""
        if job.service in JOB_QUOTAS:
            self._run(releasing(job.name, self._now()), job.service)

    def abandon(self, owner: str) -> None:
        """Look soon at what an execution that broke off holds; raises as `wait`."""
        for service in JOB_QUOTAS:
            self._run(abandoning(owner, self._now()), service)

    def reconcile(self, service: str, is_under_way: Callable[[str], bool | None]) -> None:
        """Look after the leases of a service that are due; raises as `wait`."""
        self._run(reconciling(self._now()), service, is_under_way=is_under_way)

    def _run(
        self,
        steps: Steps,
        service: str,
        waiter: Waiter | None = None,
        hold: timedelta = _LOOK_AGAIN_AFTER,
        is_under_way: Callable[[str], bool | None] = lambda _: None,
    ) -> Lease | None:
        answer: Any = None
        while True:
            try:
                effect = steps.send(answer)
            except StopIteration as end:
                lease: Lease | None = end.value
                return lease
            answer = self._take(effect, service, waiter, hold, is_under_way)

    def _take(
        self,
        effect: Effect,
        service: str,
        waiter: Waiter | None,
        hold: timedelta,
        is_under_way: Callable[[str], bool | None],
    ) -> Any:
        answer: Any = None
        match effect:
            case Look():
                answer = self.leases.look(service)
            case Take(slots) if waiter is not None:
                due = self._after(hold)
                answer = self.leases.take(service, secrets.choice(slots), waiter, due)
            case Use(lease):
                answer = self.leases.renew(service, lease, self._after(hold), used=True)
            case Enqueue() if waiter is not None:
                self.leases.enqueue(service, waiter)
            case Grant(waiters, slots):
                one, slot = secrets.choice(waiters), secrets.choice(slots)
                answer = self.leases.grant(service, slot, one, self._after(_TO_USE))
            case Tell(token):
                answer = self.tokens.tell(token, Completion())
            case Free(lease, unchanged):
                self.leases.free(service, lease, unchanged=unchanged)
            case Ask(lease):
                answer = is_under_way(lease.holder)
            case Postpone(lease, soon):
                longer = _SOON if soon else _LOOK_AGAIN_AFTER if lease.used else _TO_USE
                answer = self.leases.renew(service, lease, self._after(longer), used=lease.used)
        return answer

    def _now(self) -> str:
        return timestamp(self.clock())

    def _after(self, duration: timedelta) -> str:
        return timestamp(self.clock() + duration)
