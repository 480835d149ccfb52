"""Executions that broke off, and who ends what they were for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from windfall.contracts.executions import ExecutionStatusEvent


class BrokenExecutions(Protocol):
    """AWS Step Functions, asked what it may have failed to tell."""

    def since(self, machine: str, moment: datetime) -> Iterator[ExecutionStatusEvent]:
        """The executions of a machine that failed, timed out or were stopped since then.

        Raises:
            TransientError: Step Functions can not answer now.
        """
        ...


class FailureTold(Protocol):
    """Whoever ends the files or the folder of an execution that broke off."""

    def tell(self, event: ExecutionStatusEvent) -> None:
        """Hand over the event; to be told twice is harmless.

        Raises:
            TransientError: It can not be taken now.
        """
        ...
