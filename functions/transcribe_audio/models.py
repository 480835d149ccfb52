"""What transcribe_audio is given, and its environment."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.audio import AudioPlan, MediaFacts
from windfall.contracts.base import Contract
from windfall.contracts.subject import AnalysisSubject
from windfall.settings import EnvironmentSettings


class AudioAnalysis(AnalysisSubject):
    """An `AnalysisInput`, as far as a transcript needs it."""

    audio: AudioPlan | None = None
    media: MediaFacts | None = None


class TranscribeAudioTask(Contract):
    """A recording to transcribe, and the token of the task that waits for its transcript."""

    token: str = Field(min_length=1)
    analysis: AudioAnalysis


class Settings(EnvironmentSettings):
    """The environment of transcribe_audio."""

    results_bucket: str
    insights_table: str
