"""SageMaker's jobs, models and endpoints in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.hooks import Hook
from windfall.contracts.jobs import Completion
from windfall.errors import InvalidInputError
from windfall.ports.collaborators import ProfileWriter
from windfall.ports.training import Hosting, JobKind, JobState, Models, TrainingJobs


@dataclass
class FakeTrainingJobs:
    """Jobs as a test set them; those that nobody began are not there."""

    states: dict[tuple[JobKind, str], JobState] = field(default_factory=dict)
    asked: list[tuple[JobKind, str]] = field(default_factory=list)

    def state(self, kind: JobKind, name: str) -> JobState | None:
        """How a job stands."""
        self.asked.append((kind, name))
        return self.states.get((kind, name))


@dataclass
class FakeModels:
    """Models and their registry."""

    hook: Hook = field(default_factory=Hook)
    created: list[dict[str, Any]] = field(default_factory=list)
    registered: dict[str, dict[str, Any]] = field(default_factory=dict)

    def create(self, request: dict[str, Any]) -> None:
        """Note it, once."""
        if request not in self.created:
            self.created.append(request)

    def register(self, group: str, description: str, request: dict[str, Any]) -> str:
        """Note it, once for each token."""
        del description
        self.registered.setdefault(request["ClientToken"], request)
        number = list(self.registered).index(request["ClientToken"]) + 1
        return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{group}/{number}"


@dataclass
class FakeHosting:
    """Endpoints that are in service at once."""

    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    scaled: list[tuple[str, str, int]] = field(default_factory=list)
    completion: Completion | None = None

    def deploy(self, endpoint: str, configuration: dict[str, Any]) -> str:
        """Note it."""
        self.endpoints[endpoint] = configuration
        return endpoint

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """As the test says."""
        del name, handle
        return self.completion

    def scale_to_zero(self, endpoint: str, variant: str, most: int) -> None:
        """Note it."""
        self.scaled.append((endpoint, variant, most))


@dataclass
class FakeProfileWriter:
    """Profiles by their names."""

    saved: dict[str, str] = field(default_factory=dict)

    def save(self, name: str, document: str, owned_by: str) -> None:
        """Save it, if the one before is ours."""
        if owned_by not in self.saved.get(name, owned_by):
            raise InvalidInputError("not made by training; table.train.name")
        self.saved[name] = document


_jobs: TrainingJobs = FakeTrainingJobs()
_models: Models = FakeModels()
_hosting: Hosting = FakeHosting()
_profiles: ProfileWriter = FakeProfileWriter()
