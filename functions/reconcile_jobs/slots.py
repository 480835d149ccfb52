"""Looks after the slots of each service: how many there are, who holds one, and what is amiss."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from windfall.clock import Clock, timestamp, utc_now
from windfall.contracts.jobs import JobId
from windfall.errors import InvalidInputError, QuotaExceededError, TransientError
from windfall.quotas import JOB_QUOTAS

if TYPE_CHECKING:
    from windfall.governor import Governor
    from windfall.ports.jobs import JobService, JobTable
    from windfall.ports.leases import (
        JobCensus,
        LeaseTable,
        Quotas,
        Room,
        SlotMeasurements,
    )

_FORGOTTEN = timedelta(minutes=30)
"""A lease that is due for so long is looked after by nobody; a run comes every five minutes."""


@dataclass(frozen=True, slots=True)
class SlotReconciler:
    """Looks after slots.

    Attributes:
        census: Services that list their jobs.
        prefix: What the names of this stack's jobs begin with.
        broken: Is told of a service that could not be looked after; the next run does.
        strange: Is told of jobs without a slot, and of slots that nobody looks after.
    """

    leases: LeaseTable
    governor: Governor
    quotas: Quotas
    table: JobTable
    services: Mapping[str, JobService]
    census: Mapping[str, JobCensus]
    measurements: SlotMeasurements
    prefix: str
    broken: Callable[[str, Exception], None]
    strange: Callable[[str, Collection[str]], None]
    clock: Clock = utc_now

    def reconcile(self) -> None:
        """Look after every service; one that does not answer holds up no other."""
        for service in JOB_QUOTAS:
            for step in (self._refresh, self._look_after, self._measure):
                try:
                    step(service)
                except (InvalidInputError, TransientError, QuotaExceededError) as error:
                    self.broken(service, error)

    def _refresh(self, service: str) -> None:
        """Learn the limit; when it is not told, what was known before goes on."""
        limit = self.quotas.limit(service, JOB_QUOTAS[service])
        if limit != self.leases.look(service).limit:
            self.leases.set_limit(service, limit)

    def _look_after(self, service: str) -> None:
        self.governor.reconcile(service, partial(self._is_under_way, service))

    def _is_under_way(self, service: str, name: str) -> bool | None:
        row = self.table.read(JobId(service, name))
        if row.completion is not None:
            return False
        if service not in self.services:
            return None
        try:
            return self.services[service].ended(name, row.handle) is None
        except (TransientError, QuotaExceededError):
            return None

    def _measure(self, service: str) -> None:
        before = self.leases.look(service)
        if not before.leases and not before.waiters and service not in self.census:
            return
        running = self.census[service].running(self.prefix) if service in self.census else set()
        after = self.leases.look(service)
        drift = self._drift(before, after, frozenset(running))
        if drift:
            self.strange(service, drift)
        if before.leases or before.waiters or drift:
            held, awaited = len(after.leases), len(after.waiters)
            self.measurements.slots_counted(service, held, awaited, len(drift))

    def _drift(self, before: Room, after: Room, running: frozenset[str]) -> frozenset[str]:
        """Jobs that run without a slot, and leases that nobody looks after.

        A job that ran when the service was asked held its slot before that, or afterwards.
        """
        held = {lease.holder for lease in (*before.leases, *after.leases)}
        long_ago = timestamp(self.clock() - _FORGOTTEN)
        forgotten = {lease.holder for lease in after.leases if lease.due < long_ago}
        return (running - held) | forgotten
