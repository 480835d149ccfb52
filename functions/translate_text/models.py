"""What the task is given."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.analysis import OutputLocation
from windfall.contracts.base import Contract, LanguageCode, S3Pointer
from windfall.contracts.profile import Formality, Profanity


class TranslationTarget(Contract):
    """The language to translate into, and how; past `max_characters` it is skipped."""

    language: LanguageCode
    terminologies: list[str] = Field(default_factory=list)
    formality: Formality | None = None
    profanity: Profanity | None = None
    max_characters: int = Field(ge=0)


class TranslateTextTask(Contract):
    """One text to translate; `language` as Comprehend named it."""

    text: S3Pointer
    language: str | None
    output: OutputLocation
    target: TranslationTarget
