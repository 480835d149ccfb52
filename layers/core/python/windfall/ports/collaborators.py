"""The smaller ports: executions, profiles, the bus, and measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from windfall.contracts.bus import FileEvent
    from windfall.contracts.subject import Kind
    from windfall.contracts.translations import FolderTranslated


class Workflows(Protocol):
    """AWS Step Functions."""

    def start(self, kind: Kind, name: str, document: str, trace_id: str | None) -> bool:
        """Start the machine of a kind under a name; False when that name was started before.

        Args:
            kind: Of the file.
            name: Of the execution.
            document: What it is started with, as JSON.
            trace_id: The trace that it is part of; None when it is not to be traced.

        Raises:
            TransientError: It can not be started now.
            QuotaExceededError: Too many executions are open.
        """
        ...


class Profiles(Protocol):
    """SSM Parameter Store's profiles."""

    def find(self, name: str) -> str | None:
        """A profile's JSON document, or None when there is no such profile.

        Raises:
            TransientError: The store can not answer now.
        """
        ...

    def forget(self, age: float) -> None:
        """Believe nothing that was read so many seconds ago, or earlier."""
        ...


class ProfileWriter(Protocol):
    """SSM Parameter Store, where Windfall saves profiles of its own."""

    def save(self, name: str, document: str, owned_by: str) -> None:
        """Save a profile.

        Args:
            name: The profile's.
            document: As JSON.
            owned_by: What stands in each profile of this origin; another one is not overwritten.

        Raises:
            InvalidInputError: There is a profile of that name that somebody else made.
            TransientError: The store can not answer now.
        """
        ...


class EventBus(Protocol):
    """The application's own bus."""

    def publish(self, event: FileEvent | FolderTranslated) -> None:
        """Put an event under its class's name.

        Raises:
            TransientError: The bus did not take it.
        """
        ...


class Traces(Protocol):
    """AWS X-Ray, where each file that is admitted has a trace."""

    def begin(self, event_id: str, received: str) -> AbstractContextManager[str | None]:
        """A file's trace, as long as it is admitted; None when this one is not traced.

        Args:
            event_id: Of the event that asks for the file; the same event has the same trace.
            received: When that happened: the trace begins there.
        """
        ...

    def annotate(self, **annotations: str | None) -> None:
        """Add what the trace is found by; names no content."""
        ...


class Measurements(Protocol):
    """What is counted; names no file and carries no content."""

    def file_ended(self, kind: str, status: str) -> None:
        """A file ended."""
        ...

    def feature_ended(self, feature: str, status: str) -> None:
        """A feature ended; languages are left out of its name, so that the set stays small."""
        ...

    def insight_took(self, kind: str, seconds: float) -> None:
        """From a file's event to its insights."""
        ...
