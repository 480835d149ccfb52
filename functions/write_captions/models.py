"""What the task is given and what it answers."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.audio import SpokenLanguage
from windfall.contracts.base import Contract, LanguageCode, OutputLocation, S3Pointer
from windfall.contracts.outcome import Outcome


class WriteCaptionsTask(Contract):
    """One transcript.

    Attributes:
        transcript: The JSON that Transcribe wrote.
        languages: What the job was told may be spoken; Transcribe does not repeat the only one.
        seconds: How long the recording is, if that is known; Transcribe does not tell.
    """

    transcript: S3Pointer
    output: OutputLocation
    languages: list[SpokenLanguage] = Field(default_factory=list)
    seconds: float | None = Field(default=None, ge=0)


class WrittenCaptions(Contract):
    """What the next tasks work on; everything is null when nothing was said."""

    outcomes: list[Outcome]
    text: S3Pointer | None = None
    language: LanguageCode | None = None
    characters: int = 0
    cues: S3Pointer | None = None
