"""Everything about the language of a text, in one process."""

from __future__ import annotations

from windfall_local.engines.language import (
    LanguageGuess,
    Mention,
    Sentiment,
    Span,
    Token,
    entities,
    identify,
    personal,
    phrases,
    sentiment,
    syntax,
    targeted,
)


class LanguageEngine:
    """Answers each question by its module; lists and models load with the first question."""

    def identify(self, text: str) -> list[LanguageGuess]:
        """The languages of a text, the likeliest first; none for a text without letters."""
        return identify.identify(text)

    def sentiment(self, text: str, language: str) -> Sentiment:
        """How a text feels."""
        return sentiment.sentiment(text, language)

    def entities(self, text: str, language: str) -> list[Span]:
        """What a text names, in its order."""
        return entities.entities(text, language)

    def key_phrases(self, text: str, language: str) -> list[Span]:
        """What a text speaks of, in its order."""
        return phrases.key_phrases(text, language)

    def syntax(self, text: str, language: str) -> list[Token]:
        """Every word's part of speech."""
        return syntax.syntax(text, language)

    def personal_data(self, text: str, language: str) -> list[Span]:
        """What in a text is personal, in its order and without overlaps."""
        return personal.personal_data(text, language)

    def targeted_sentiment(self, text: str, language: str) -> list[list[Mention]]:
        """How a text feels about each entity, by entity and then by mention."""
        return targeted.targeted_sentiment(text, language)
