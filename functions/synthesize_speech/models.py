"""What the task is given, and what it answers."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, LanguageCode, OutputLocation, S3Pointer
from windfall.contracts.languages import SpeechPlan
from windfall.contracts.outcome import Outcome
from windfall.contracts.speech import Narration


class SynthesizeSpeechTask(Contract):
    """One text to speak; `language` is the text's own, and the plan's voice speaks it."""

    text: S3Pointer
    language: LanguageCode
    output: OutputLocation
    speech: SpeechPlan


class SynthesizedSpeech(Contract):
    """Either how the speech ended, or what is to be narrated before it is joined."""

    outcome: Outcome | None = None
    narrations: list[Narration] = Field(default_factory=list)
