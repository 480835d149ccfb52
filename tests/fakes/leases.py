"""Slots in memory, and quotas that a test sets."""

from __future__ import annotations

from collections.abc import Collection

from windfall.errors import WindfallError
from windfall.ports.leases import (
    JobCensus,
    Lease,
    LeaseTable,
    Quotas,
    Room,
    SlotMeasurements,
    Waiter,
)
from windfall.quotas import JobQuota


class FakeLeaseTable:
    """The rows of each service; `limits` has how many slots there are."""

    def __init__(self, limit: int = 2) -> None:
        self.limit = limit
        self.limits: dict[str, int] = {}
        self.leases: dict[str, dict[int, Lease]] = {}
        self.waiters: dict[str, dict[tuple[str, str], Waiter]] = {}
        self._number = 0

    def look(self, service: str) -> Room:
        """Everything there is."""
        waiters = self.waiters.get(service, {})
        return Room(
            self.limits.get(service, self.limit),
            tuple(self.leases.get(service, {}).values()),
            tuple(waiters[place] for place in sorted(waiters)),
        )

    def take(self, service: str, slot: int, waiter: Waiter, due: str) -> Lease | None:
        """Hold a free slot."""
        return self._place(service, slot, waiter, due, used=True)

    def grant(self, service: str, slot: int, waiter: Waiter, due: str) -> Lease | None:
        """Hold a free slot for who waits."""
        queue = self.waiters.get(service, {})
        if queue.get((waiter.since, waiter.holder)) != waiter:
            return None
        lease = self._place(service, slot, waiter, due, used=False)
        if lease is not None:
            del queue[waiter.since, waiter.holder]
        return lease

    def _place(
        self, service: str, slot: int, waiter: Waiter, due: str, *, used: bool
    ) -> Lease | None:
        held = self.leases.setdefault(service, {})
        if slot in held:
            return None
        self._number += 1
        name = f"lease-{self._number}"
        held[slot] = Lease(slot, name, waiter.holder, waiter.owner, used, due, waiter.tokens)
        return held[slot]

    def renew(self, service: str, lease: Lease, due: str, *, used: bool) -> Lease | None:
        """Hold for longer."""
        held = self.leases.get(service, {})
        if held.get(lease.slot) != lease:
            return None
        tokens = frozenset[str]() if used else lease.tokens
        held[lease.slot] = lease._replace(used=used, due=due, tokens=tokens)
        return held[lease.slot]

    def free(self, service: str, lease: Lease, *, unchanged: bool) -> bool:
        """Give back."""
        held = self.leases.get(service, {})
        now = held.get(lease.slot)
        if now is None or now.id != lease.id or (unchanged and now != lease):
            return False
        del held[lease.slot]
        return True

    def enqueue(self, service: str, waiter: Waiter) -> None:
        """Wait."""
        queue = self.waiters.setdefault(service, {})
        place = (waiter.since, waiter.holder)
        before = queue.get(place, waiter)
        queue[place] = before._replace(tokens=before.tokens | waiter.tokens)

    def set_limit(self, service: str, limit: int) -> None:
        """So many slots."""
        self.limits[service] = limit


class FakeQuotas:
    """Limits by service; others have their published default."""

    def __init__(self, limits: dict[str, int] | None = None) -> None:
        self.limits = limits or {}
        self.broken: WindfallError | None = None

    def limit(self, service: str, quota: JobQuota) -> int:
        """What the test said."""
        if self.broken is not None:
            raise self.broken
        return self.limits.get(service, quota.default)


class FakeCensus:
    """Jobs that a test says are running."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)

    def running(self, prefix: str) -> Collection[str]:
        """Those of the prefix."""
        return {name for name in self.names if name.startswith(prefix)}


class FakeSlotMeasurements:
    """What was counted, by service: held, awaited, drift."""

    def __init__(self) -> None:
        self.counts: dict[str, tuple[int, int, int]] = {}

    def slots_counted(self, service: str, held: int, awaited: int, drift: int) -> None:
        """Keep the last counts."""
        self.counts[service] = (held, awaited, drift)


def as_ports(
    table: FakeLeaseTable,
    quotas: FakeQuotas,
    census: FakeCensus,
    measurements: FakeSlotMeasurements,
) -> tuple[LeaseTable, Quotas, JobCensus, SlotMeasurements]:
    """Type-checked: the fakes fulfil the ports."""
    return table, quotas, census, measurements
