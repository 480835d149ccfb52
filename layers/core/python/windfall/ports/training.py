"""Amazon SageMaker, as far as models are trained, registered and deployed by it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from windfall.contracts.jobs import Completion


class JobKind(StrEnum):
    """SageMaker's kinds of jobs; each has names of its own."""

    TRAINING = "training"
    TRANSFORM = "transform"
    PROCESSING = "processing"


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job stands.

    Attributes:
        status: `InProgress`, `Completed`, `Failed`, `Stopping` or `Stopped`.
        reason: Why it failed.
        model: Where a training job left its `model.tar.gz`.
        seconds: How long its instances are billed for, as far as SageMaker says.
        instance_type: What it ran on.
    """

    status: str
    reason: str = ""
    model: str | None = None
    seconds: float = 0
    instance_type: str = ""
    instances: int = 1


class TrainingJobs(Protocol):
    """SageMaker's jobs."""

    def state(self, kind: JobKind, name: str) -> JobState | None:
        """How a job stands; None if there is none of that name.

        Raises:
            TransientError: SageMaker can not answer now.
        """
        ...


class Models(Protocol):
    """SageMaker's models and their registry.

    The same again is harmless: what is there already is left as it is.

    Raises:
        InvalidInputError: SageMaker does not take it.
        TransientError: SageMaker can not answer now.
        QuotaExceededError: The account has too many.
    """

    def create(self, request: dict[str, Any]) -> None:
        """Create a model."""
        ...

    def register(self, group: str, description: str, request: dict[str, Any]) -> str:
        """Register a version of a model in a group, which is made if need be; answers its ARN."""
        ...


class Hosting(Protocol):
    """SageMaker's endpoints; raises as `Models`."""

    def deploy(self, endpoint: str, configuration: dict[str, Any]) -> str:
        """Make an endpoint serve a configuration, both made if need be.

        Answers with the job's handle: the endpoint's name.
        """
        ...

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """How the deployment of a configuration ended; `handle` is the endpoint."""
        ...

    def scale_to_zero(self, endpoint: str, variant: str, most: int) -> None:
        """Let an asynchronous endpoint shrink to no instance and grow with what waits."""
        ...
