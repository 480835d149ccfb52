"""Looks after executions that broke off: Step Functions' word of it is best effort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from windfall.clock import Clock, utc_now
from windfall.errors import QuotaExceededError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from windfall.ports.executions import BrokenExecutions, FailureTold


@dataclass(frozen=True, slots=True)
class ExecutionReconciler:
    """Tells of executions that broke off once more; who was told before does nothing.

    Attributes:
        machines: Whose executions have files or folders to end.
        broken: Is told of a machine that could not be looked after.
    """

    executions: BrokenExecutions
    failures: FailureTold
    machines: Sequence[str]
    broken: Callable[[str, Exception], None]
    clock: Clock = utc_now

    def reconcile(self, look_back: timedelta) -> int:
        """How many were told of; a machine that can not be asked about holds up no other."""
        told = 0
        for machine in self.machines:
            try:
                for event in self.executions.since(machine, self.clock() - look_back):
                    self.failures.tell(event)
                    told += 1
            except (TransientError, QuotaExceededError) as error:
                self.broken(machine, error)
        return told
