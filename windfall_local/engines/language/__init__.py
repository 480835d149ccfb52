"""What a text is about, and how.

    engine     `LanguageEngine`: everything below, in one process
    identify   which language it is in
    sentiment  how it feels (English)
    targeted   how it feels about each thing it names (English)
    entities   dates, quantities, people, places, organisations
    phrases    noun phrases (English)
    syntax     parts of speech (English)
    personal/  personal data

Offsets are characters (code points) of the text. None of the models gives probabilities for what
it finds, except for the language: scores say how strong the evidence was, as `evidence` has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

LANGUAGE = "windfall_local.engines.language.engine:LanguageEngine"
"""What `EngineHost.run` calls it."""

ENTITY_LANGUAGES = ("en", "es", "fr", "it", "pt")
ENGLISH_ONLY = ("en",)
PERSONAL_LANGUAGES = ("en", "es")


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """A language (ISO 639-1) and how probable it is."""

    language: str
    score: float


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The four shares of a feeling; they sum to 1."""

    positive: float
    negative: float
    neutral: float
    mixed: float

    @property
    def label(self) -> str:
        """The largest share's name, in capitals."""
        shares = {
            "POSITIVE": self.positive,
            "NEGATIVE": self.negative,
            "NEUTRAL": self.neutral,
            "MIXED": self.mixed,
        }
        return max(shares, key=lambda name: shares[name])


@dataclass(frozen=True, slots=True)
class Span:
    """Something found in a text.

    Attributes:
        kind: What it is (`PERSON`, `EMAIL`); empty for a phrase.
        text: As it is written.
        begin: Its first character.
        end: Behind its last.
        score: Strength of the evidence, 0 to 1.
    """

    kind: str
    text: str
    begin: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Token:
    """A word or sign and its part of speech (`kind`)."""

    text: str
    begin: int
    end: int
    kind: str
    score: float


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity where it is named, and how the text feels about it there."""

    span: Span
    sentiment: Sentiment


class TextEngine(Protocol):
    """Answers one question about a text."""

    def identify(self, text: str) -> list[LanguageGuess]:
        """The languages of a text, the likeliest first; none for a text without letters."""
        ...

    def sentiment(self, text: str, language: str) -> Sentiment:
        """How a text feels.

        Raises:
            UnsupportedFeatureError: Not in this language.
        """
        ...

    def entities(self, text: str, language: str) -> list[Span]:
        """What a text names, in its order."""
        ...

    def key_phrases(self, text: str, language: str) -> list[Span]:
        """What a text speaks of, in its order."""
        ...

    def syntax(self, text: str, language: str) -> list[Token]:
        """Every word's part of speech."""
        ...

    def personal_data(self, text: str, language: str) -> list[Span]:
        """What in a text is personal, in its order and without overlaps."""
        ...

    def targeted_sentiment(self, text: str, language: str) -> Sequence[Sequence[Mention]]:
        """How a text feels about each entity, by entity and then by mention."""
        ...
