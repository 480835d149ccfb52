"""Long jobs: how one ended, and what whoever waits for it is told."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import Field

from windfall.contracts.base import Contract


class JobId(NamedTuple):
    """A job of a service (`transcribe`, …), by the name that it was submitted under."""

    service: str
    name: str


class Completion(Contract):
    """How a job ended.

    Attributes:
        error: The class of `windfall.errors` that the waiting task fails with; null when the job
            succeeded.
        reason: Why it failed, for a person.
        result: What the waiting task gets when the job succeeded.
    """

    error: str | None = None
    reason: str | None = None
    result: dict[str, Any] = Field(default_factory=dict)
