"""The engine's findings in the shapes of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from windfall_local.engines.language import LanguageGuess, Mention, Sentiment, Span, Token


def languages(guesses: Sequence[LanguageGuess]) -> dict[str, Any]:
    """The answer of DetectDominantLanguage."""
    return {
        "Languages": [
            {"LanguageCode": guess.language, "Score": round(guess.score, 6)} for guess in guesses
        ]
    }


def sentiment(found: Sentiment) -> dict[str, Any]:
    """The answer of DetectSentiment."""
    return {
        "Sentiment": found.label,
        "SentimentScore": {
            "Positive": round(found.positive, 6),
            "Negative": round(found.negative, 6),
            "Neutral": round(found.neutral, 6),
            "Mixed": round(found.mixed, 6),
        },
    }


def entities(spans: Sequence[Span]) -> dict[str, Any]:
    """The answer of DetectEntities."""
    return {"Entities": [{"Type": span.kind, **_place(span)} for span in spans]}


def key_phrases(spans: Sequence[Span]) -> dict[str, Any]:
    """The answer of DetectKeyPhrases."""
    return {"KeyPhrases": [_place(span) for span in spans]}


def personal_data(spans: Sequence[Span]) -> dict[str, Any]:
    """The answer of DetectPiiEntities; the text itself is not in it."""
    return {
        "Entities": [
            {
                "Score": span.score,
                "Type": span.kind,
                "BeginOffset": span.begin,
                "EndOffset": span.end,
            }
            for span in spans
        ]
    }


def personal_labels(spans: Sequence[Span]) -> dict[str, Any]:
    """The answer of ContainsPiiEntities: each kind once, with its strongest evidence."""
    strongest: dict[str, float] = {}
    for span in spans:
        strongest[span.kind] = max(span.score, strongest.get(span.kind, 0.0))
    return {"Labels": [{"Name": kind, "Score": score} for kind, score in strongest.items()]}


def syntax(tokens: Sequence[Token]) -> dict[str, Any]:
    """The answer of DetectSyntax; tokens count from 1."""
    return {
        "SyntaxTokens": [
            {
                "TokenId": number,
                "Text": token.text,
                "BeginOffset": token.begin,
                "EndOffset": token.end,
                "PartOfSpeech": {"Tag": token.kind, "Score": token.score},
            }
            for number, token in enumerate(tokens, 1)
        ]
    }


def targeted_sentiment(groups: Sequence[Sequence[Mention]]) -> dict[str, Any]:
    """The answer of DetectTargetedSentiment; the longest mention describes its entity."""
    return {
        "Entities": [
            {
                "DescriptiveMentionIndex": [_most_telling(group)],
                "Mentions": [_mention(mention) for mention in group],
            }
            for group in groups
        ]
    }


def _most_telling(group: Sequence[Mention]) -> int:
    return max(range(len(group)), key=lambda index: len(group[index].span.text))


def _mention(mention: Mention) -> dict[str, Any]:
    return {
        "GroupScore": 1.0,
        "Type": mention.span.kind,
        "MentionSentiment": sentiment(mention.sentiment),
        **_place(mention.span),
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "Score": span.score,
        "Text": span.text,
        "BeginOffset": span.begin,
        "EndOffset": span.end,
    }
