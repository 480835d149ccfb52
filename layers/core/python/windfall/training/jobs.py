"""How a job of SageMaker's ended, asked of SageMaker itself.

A machine waits for a job by `.sync`. Whatever it saw (the job's end, an error because a lost answer
left the name taken, a time-out), the function that goes on asks for the job by its name: so a task
that is tried again finds what was paid for, and a failure has SageMaker's own reason. So does an
attempt that follows one that broke off: a job of the earlier one counts, if it was not stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.outcome import ServiceCall
from windfall.errors import InvalidInputError, TransientError
from windfall.reasons import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from windfall.ports.training import JobKind, JobState, TrainingJobs
    from windfall.training.names import TrainingNames

_PAID = frozenset({"InProgress", "Completed"})


class TaskError(Contract):
    """What a state of the machine caught."""

    error: str = Field(alias="Error", default="")
    cause: str = Field(alias="Cause", default="")


def earlier_job(
    jobs: TrainingJobs,
    kind: JobKind,
    names: TrainingNames,
    is_there: Callable[[JobState], bool] = lambda _: True,
) -> str | None:
    """The newest job that an earlier attempt paid for: it goes on, or came to a good end.

    Args:
        jobs: Whom to ask.
        kind: Of which kind.
        names: Of the attempt that follows.
        is_there: Whether what a job left was not deleted since.

    Raises:
        TransientError: SageMaker can not answer now.
    """
    for name in names.earlier_jobs:
        state = jobs.state(kind, name)
        if state is not None and state.status in _PAID and is_there(state):
            return name
    return None


def job_that_counts(jobs: TrainingJobs, kind: JobKind, names: TrainingNames) -> str:
    """This attempt's own job if it was begun, else the one that was paid for before."""
    if not names.earlier_jobs or jobs.state(kind, names.job) is not None:
        return names.job
    return earlier_job(jobs, kind, names) or names.job


def finished_job(
    jobs: TrainingJobs, kind: JobKind, name: str, caught: TaskError | None
) -> JobState:
    """A job that completed.

    Raises:
        InvalidInputError: It failed, was stopped, or could not be begun; the message says why,
            and `paid` what it cost all the same.
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
        # The instances of a job that failed or was stopped are billed for as long as they ran.
        paid = [billed(kind, state)] if state.seconds else []
        raise InvalidInputError(f"The {kind.value} job {state.status.lower()}: {why}", paid=paid)
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
