"""Slots for long jobs: who holds one, and who waits for one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from windfall.quotas import JobQuota


class Lease(NamedTuple):
    """A slot that is held.

    Attributes:
        id: Tells this lease from every other that the slot had or will have.
        holder: The name of the job that it is for.
        owner: The execution that the job belongs to.
        used: Whether the holder came to submit its job.
        due: When to look whether the holder still needs it.
        tokens: The tasks that were, or are to be, told of it, when it was waited for; none once it
            is used, for they are long, and every look reads them.
    """

    slot: int
    id: str
    holder: str
    owner: str
    used: bool
    due: str
    tokens: frozenset[str] = frozenset()


class Waiter(NamedTuple):
    """A job that waits for a slot.

    Attributes:
        since: Who waits since earlier is served earlier.
        tokens: Every task token that ever waited with it.
    """

    holder: str
    owner: str
    since: str
    tokens: frozenset[str] = frozenset()


class Room(NamedTuple):
    """The slots of a service as they stand, and the first who wait, in order."""

    limit: int
    leases: tuple[Lease, ...] = ()
    waiters: tuple[Waiter, ...] = ()

    @property
    def free(self) -> tuple[int, ...]:
        """The slots that may be held now.

        Where there were more slots before, those beyond the limit count until they are given back.
        """
        held = {lease.slot for lease in self.leases}
        open_slots = [slot for slot in range(self.limit) if slot not in held]
        return tuple(open_slots[: max(0, self.limit - len(held))])

    def after(self, granted: Lease) -> Room:
        """The room as it is when one who waited has got its slot, and nothing else happened."""
        waiters = tuple(one for one in self.waiters if one.holder != granted.holder)
        return self._replace(leases=(*self.leases, granted), waiters=waiters)

    def held_by(self, holder: str) -> Lease | None:
        """The lease of a job."""
        return next((lease for lease in self.leases if lease.holder == holder), None)


class LeaseTable(Protocol):
    """The slots of each service; each method is one atomic write, or one consistent read.

    A write that answers None or False found the row changed, and wrote nothing. Every method
    raises `TransientError` when the table can not answer now.
    """

    def look(self, service: str) -> Room:
        """Every lease, and the first who wait."""
        ...

    def take(self, service: str, slot: int, waiter: Waiter, due: str) -> Lease | None:
        """Hold a slot that is free, to be used at once."""
        ...

    def grant(self, service: str, slot: int, waiter: Waiter, due: str) -> Lease | None:
        """Hold a slot that is free for a waiter, who waits no more; one transaction."""
        ...

    def renew(self, service: str, lease: Lease, due: str, *, used: bool) -> Lease | None:
        """Hold a lease for longer; one that is used has nobody to be told any more."""
        ...

    def free(self, service: str, lease: Lease, *, unchanged: bool) -> bool:
        """Give a lease back; `unchanged` only if nobody used or renewed it since it was read."""
        ...

    def enqueue(self, service: str, waiter: Waiter) -> None:
        """Wait, or wait with more tokens."""
        ...

    def set_limit(self, service: str, limit: int) -> None:
        """How many slots there are."""
        ...


class Quotas(Protocol):
    """AWS Service Quotas, and what the operator says instead."""

    def limit(self, service: str, quota: JobQuota) -> int:
        """How many jobs may run at a time.

        Raises:
            TransientError: It can not be told now.
        """
        ...


class SlotMeasurements(Protocol):
    """What is counted of slots."""

    def slots_counted(self, service: str, held: int, awaited: int, drift: int) -> None:
        """How many slots are held and awaited, and how many leases and jobs do not match."""
        ...


class JobCensus(Protocol):
    """A service that lists the jobs that it is at work on."""

    def running(self, prefix: str) -> Collection[str]:
        """The names of jobs that are queued or run, and begin with a prefix.

        Raises:
            TransientError: The service can not answer now.
        """
        ...
