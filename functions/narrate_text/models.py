"""What narrate_text is given, and its environment."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, LanguageCode, OutputLocation
from windfall.contracts.languages import SpeechPlan
from windfall.contracts.speech import Narration
from windfall.settings import EnvironmentSettings


class NarrateTextTask(Contract):
    """A piece of a text to narrate, and the token of the task that waits for it.

    Attributes:
        attempt: Of the analysis: what failed in an earlier one is narrated anew.
    """

    token: str = Field(min_length=1)
    attempt: int = Field(ge=1)
    language: LanguageCode
    output: OutputLocation
    speech: SpeechPlan
    narration: Narration


class Settings(EnvironmentSettings):
    """The environment of narrate_text."""

    insights_table: str
    jobs_topic: str
