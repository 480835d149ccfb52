"""Lets a job stand in the queue for a slot of its service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from windfall.contracts.jobs import JobId

if TYPE_CHECKING:
    from await_slot.models import AwaitSlotTask
    from windfall.governor import Governor


@dataclass(frozen=True, slots=True)
class SlotAwaiter:
    """Waits for slots."""

    governor: Governor

    def begin(self, task: AwaitSlotTask) -> None:
        """Stand in the queue; the task's token is told once the job has its slot.

        Raises:
            TransientError: Try again; a job stands in the queue once.
        """
        job = JobId(task.service, task.job)
        self.governor.wait(job, task.owner, task.since, task.token)
