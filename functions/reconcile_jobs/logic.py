"""Looks after jobs of which nothing was heard for too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile_jobs.models import Reconciled
from windfall.clock import Clock, timestamp, utc_now
from windfall.errors import QuotaExceededError, TransientError

if TYPE_CHECKING:
    from windfall.contracts.jobs import JobId
    from windfall.ports.jobs import JobService, JobTable
    from windfall.rendezvous import Rendezvous

_AT_ONCE = 500
"""Jobs a run; Transcribe answers 30 questions a second, and the next run is near."""


@dataclass(frozen=True, slots=True)
class JobReconciler:
    """Asks the services about overdue jobs and tells who waits.

    Attributes:
        broken: Is told of a job that could not be looked after; it stays listed.
    """

    table: JobTable
    rendezvous: Rendezvous
    services: Mapping[str, JobService]
    broken: Callable[[JobId, Exception], None]
    clock: Clock = utc_now

    def reconcile(self) -> Reconciled:
        """Look after every overdue job; one that can not be asked after holds up no other."""
        done: Counter[str] = Counter()
        for parked in self.table.overdue(timestamp(self.clock()), _AT_ONCE):
            job = parked.job
            try:
                service = self.services[job.service]
                done[self.rendezvous.reconcile(job, service, parked.handle)] += 1
            except (TransientError, QuotaExceededError) as error:
                self.broken(job, error)
                done["not answered"] += 1
        return Reconciled(jobs=dict(done))
