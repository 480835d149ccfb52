"""How a job of SageMaker's ended, asked of SageMaker itself.

A machine waits for a job by `.sync`. Whatever it saw (the job's end, an error because a lost answer
left the name taken, a time-out), the function that goes on asks for the job by its name: so a task
that is tried again finds what was paid for, and a failure has SageMaker's own reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.outcome import ServiceCall
from windfall.errors import InvalidInputError, TransientError
from windfall.reasons import reason_of

if TYPE_CHECKING:
    from windfall.ports.training import JobKind, JobState, TrainingJobs


class TaskError(Contract):
    """What a state of the machine caught."""

    error: str = Field(alias="Error", default="")
    cause: str = Field(alias="Cause", default="")


def finished_job(
    jobs: TrainingJobs, kind: JobKind, name: str, caught: TaskError | None
) -> JobState:
    """A job that completed.

    Raises:
        InvalidInputError: It failed, was stopped, or could not be begun; the message says why.
        TransientError: It goes on still.
    """
    state = jobs.state(kind, name)
    if state is None:
        told = reason_of(caught.error, caught.cause) if caught else "nobody began it"
        raise InvalidInputError(f"The {kind.value} job could not be begun: {told}")
    if state.status == "Completed":
        return state
    if state.status in {"Failed", "Stopped"}:
        why = state.reason or ("it was stopped" if state.status == "Stopped" else "no reason given")
        raise InvalidInputError(f"The {kind.value} job {state.status.lower()}: {why}")
    raise TransientError(f"The {kind.value} job {name} goes on ({state.status}).")


def billed(kind: JobKind, state: JobState) -> ServiceCall:
    """What a job is billed for: seconds of its instances."""
    return ServiceCall(
        service="sagemaker",
        operation=f"Create{kind.value.capitalize()}Job",
        variant=state.instance_type,
        count=1,
        units=state.seconds * state.instances,
    )
