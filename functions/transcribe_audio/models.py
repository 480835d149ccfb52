"""What transcribe_audio is given, and its environment."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import Contract
from windfall.settings import EnvironmentSettings


class TranscribeAudioTask(Contract):
    """A recording to transcribe, and the token of the task that waits for its transcript."""

    token: str = Field(min_length=1)
    analysis: AnalysisInput


class Settings(EnvironmentSettings):
    """The environment of transcribe_audio."""

    results_bucket: str
    insights_table: str
