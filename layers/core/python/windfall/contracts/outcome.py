"""What became of one feature of one file."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from windfall.contracts.base import Contract, S3Pointer, Timestamp


class OutcomeStatus(StrEnum):
    """How a feature ended."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


class ServiceCall(Contract):
    """Calls that were paid for.

    Attributes:
        units: As the service bills them: images, characters, seconds, …
        variant: What the price depends on beside the operation, such as Polly's engine.
    """

    service: str
    operation: str
    variant: str | None = None
    count: int = Field(ge=0)
    units: float = Field(ge=0)


class Outcome(Contract):
    """How a feature ended, where its raw result lies, and what it cost.

    Attributes:
        feature: `labels`, `sentiment`, `translation.es`, `speech.es`, …
        reason: Why it was skipped or failed, for a person; null when ok.
        result: The service's raw answer or the file that was made.
        summary: What a person wants to see first; under 2 KB.
        cost: US dollars by list price; null where a price is unknown.
    """

    feature: str
    status: OutcomeStatus
    reason: str | None = None
    result: S3Pointer | None = None
    summary: dict[str, Any] = Field(default_factory=dict)
    calls: list[ServiceCall] = Field(default_factory=list)
    cost: float | None = None
    started: Timestamp | None = None
    ended: Timestamp | None = None
