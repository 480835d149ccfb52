"""What the task is given."""

from __future__ import annotations

from windfall.contracts.base import Contract, LanguageCode, OutputLocation, S3Pointer
from windfall.contracts.languages import SpeechPlan


class SynthesizeSpeechTask(Contract):
    """One text to speak; `language` is the text's own, and the plan's voice speaks it."""

    text: S3Pointer
    language: LanguageCode
    output: OutputLocation
    speech: SpeechPlan
