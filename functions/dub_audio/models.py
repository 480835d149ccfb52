"""What the task is given."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, LanguageCode, OutputLocation, S3Pointer
from windfall.contracts.languages import SpeechPlan


class DubAudioTask(Contract):
    """One list of translated cues to speak.

    Attributes:
        seconds: How long the recording is; null if that is not known, then the track ends with
            its last cue.
    """

    cues: S3Pointer
    language: LanguageCode
    output: OutputLocation
    speech: SpeechPlan
    seconds: float | None = Field(default=None, ge=0)
