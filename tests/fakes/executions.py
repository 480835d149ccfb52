"""Executions that broke off, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from windfall.contracts.executions import ExecutionStatusEvent
from windfall.errors import TransientError
from windfall.ports.executions import BrokenExecutions, FailureTold


@dataclass
class FakeBrokenExecutions:
    """What Step Functions lists, by machine; of those in `busy` it can not tell now."""

    events: dict[str, list[ExecutionStatusEvent]] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)

    def since(self, machine: str, moment: datetime) -> Iterator[ExecutionStatusEvent]:
        """Those that ended since then."""
        if machine in self.busy:
            raise TransientError("Rate exceeded")
        for event in self.events.get(machine, []):
            if datetime.fromisoformat(event.time) >= moment:
                yield event


@dataclass
class FakeFailureTold:
    """Keeps what it was told."""

    told: list[ExecutionStatusEvent] = field(default_factory=list)

    def tell(self, event: ExecutionStatusEvent) -> None:
        """Note it."""
        self.told.append(event)


_executions: BrokenExecutions = FakeBrokenExecutions()
_failures: FailureTold = FakeFailureTold()
