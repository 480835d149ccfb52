"""What await_slot is given, and its environment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract, Timestamp
from windfall.settings import EnvironmentSettings


class AwaitSlotTask(Contract):
    """A job that found no slot of its service free, and the token of the task that waits for one.

    Attributes:
        job: As the refused task named it.
        owner: The execution that the job belongs to.
        since: Who waits since earlier is served earlier.
    """

    token: str = Field(min_length=1)
    service: Literal["rekognition", "transcribe"]
    job: str = Field(min_length=1)
    owner: str
    since: Timestamp


class Settings(EnvironmentSettings):
    """The environment of await_slot."""

    insights_table: str
