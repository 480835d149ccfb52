"""Into which languages a text goes, and who speaks them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract, LanguageCode

Formality = Literal["FORMAL", "INFORMAL"]
Profanity = Literal["MASK"]
Engine = Literal["standard", "neural", "long-form", "generative"]


class Voice(Contract):
    """A voice of Polly and the engine that speaks it."""

    voice: str = Field(min_length=1, max_length=64)
    engine: Engine = "neural"


class SpeechPlan(Contract):
    """How to speak a text in one language.

    Attributes:
        speaker_voices: Who dubs the first speaker of a recording, the second, …; the others, and
            a text, have `voice`.
    """

    voice: str
    engine: Engine
    lexicons: list[str] = Field(default_factory=list)
    max_characters: int = Field(ge=0)
    speaker_voices: list[Voice] = Field(default_factory=list)


class TranslationTarget(Contract):
    """The language to translate into, and how; past `max_characters` it is skipped."""

    language: LanguageCode
    terminologies: list[str] = Field(default_factory=list)
    formality: Formality | None = None
    profanity: Profanity | None = None
    max_characters: int = Field(ge=0)


class LanguagePlan(TranslationTarget):
    """A language to translate into and, if `speech` is set, to speak."""

    speech: SpeechPlan | None = None
