"""What the task is given."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, LanguageCode, OutputLocation, S3Pointer
from windfall.contracts.languages import SpeechPlan
from windfall.contracts.speech import Narrated


class JoinSpeechTask(Contract):
    """A text that was narrated in pieces, and how each narration ended."""

    text: S3Pointer
    language: LanguageCode
    output: OutputLocation
    speech: SpeechPlan
    narrated: list[Narrated] = Field(min_length=1)
