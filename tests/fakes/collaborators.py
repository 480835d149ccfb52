"""Executions, profiles, the bus and measurements in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.hooks import Hook
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.bus import FileEvent
from windfall.contracts.subject import Kind
from windfall.contracts.translations import FolderTranslated
from windfall.ports.collaborators import EventBus, Measurements, Profiles, Traces, Workflows


class FakeWorkflows:
    """Executions by name; like Step Functions, a name starts once."""

    def __init__(self, hook: Hook | None = None) -> None:
        self.hook = hook or Hook()
        self.started: dict[str, AnalysisInput] = {}

    def start(self, kind: Kind, name: str, document: str, trace_id: str | None) -> bool:
        """Start an execution."""
        self.hook.before("start")
        plan = AnalysisInput.model_validate_json(document)
        assert (plan.kind, plan.trace_id) == (kind, trace_id)
        is_new = name not in self.started
        if is_new:
            self.started[name] = plan
        self.hook.after("start")
        return is_new


class FakeTraces:
    """A trace for each event; what it is found by is kept."""

    def __init__(self) -> None:
        self.sampled = True
        self.traces: dict[str, dict[str, str | None]] = {}
        self._current: dict[str, str | None] = {}

    @contextmanager
    def begin(self, event_id: str, received: str) -> Iterator[str | None]:
        """An event's trace."""
        assert received
        self._current = self.traces.setdefault(event_id, {})
        yield f"trace of {event_id}" if self.sampled else None

    def annotate(self, **annotations: str | None) -> None:
        """Keep what it is found by."""
        self._current.update(annotations)


class FakeProfiles:
    """Profiles by name."""

    def __init__(self, documents: dict[str, str] | None = None) -> None:
        self.documents = documents or {}
        self.forgotten: list[float] = []

    def find(self, name: str) -> str | None:
        """A profile's document."""
        return self.documents.get(name)

    def forget(self, age: float) -> None:
        """Nothing is remembered; what was asked is."""
        self.forgotten.append(age)


class FakeBus:
    """Keeps what was published."""

    def __init__(self, hook: Hook | None = None) -> None:
        self.hook = hook or Hook()
        self.events: list[FileEvent] = []
        self.folders: list[FolderTranslated] = []

    def publish(self, event: FileEvent | FolderTranslated) -> None:
        """Keep an event."""
        self.hook.before("publish")
        if isinstance(event, FolderTranslated):
            self.folders.append(event)
        else:
            self.events.append(event)
        self.hook.after("publish")


class FakeMeasurements:
    """Keeps what was counted."""

    def __init__(self) -> None:
        self.files: list[tuple[str, str]] = []
        self.features: list[tuple[str, str]] = []
        self.seconds: list[tuple[str, float]] = []

    def file_ended(self, kind: str, status: str) -> None:
        """A file ended."""
        self.files.append((kind, status))

    def feature_ended(self, feature: str, status: str) -> None:
        """A feature ended."""
        self.features.append((feature, status))

    def insight_took(self, kind: str, seconds: float) -> None:
        """A file took so long."""
        self.seconds.append((kind, seconds))


def as_ports(
    workflows: FakeWorkflows,
    profiles: FakeProfiles,
    bus: FakeBus,
    measurements: FakeMeasurements,
    traces: FakeTraces,
) -> tuple[Workflows, Profiles, EventBus, Measurements, Traces]:
    """Type-checked: the fakes fulfil the ports."""
    return workflows, profiles, bus, measurements, traces
