"""Comprehend by rules that a test can follow, with its limits and offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from windfall.contracts.features import TextFeature
from windfall.errors import InvalidInputError
from windfall.ports.analysis_services import BatchDetection, DetectionError, Language

_SMALL = {TextFeature.SENTIMENT, TextFeature.TARGETED_SENTIMENT, TextFeature.SYNTAX}
Answer = dict[str, Any]


class FakeLanguage:
    """Entities are capitalised words, PII is digits, sentiment counts `good` and `bad`.

    Args:
        failing: Texts that fail in a batch for now; alone they are answered.
    """

    def __init__(
        self, language: str | None = "en", failing: Callable[[str], bool] = lambda text: False
    ) -> None:
        self._language = language
        self._failing = failing
        self.bought: list[str] = []
        self.batches: list[int] = []

    def dominant(self, text: str) -> list[dict[str, Any]]:
        """The language that the test gave."""
        _check(text, 100_000)
        self.bought.append(text)
        return [{"LanguageCode": self._language, "Score": 0.99}] if self._language else []

    def detect(self, feature: TextFeature, text: str, language: str) -> Answer:
        """The feature in one text."""
        _check(text, 5_000 if feature in _SMALL else 100_000)
        self.bought.append(text)
        return ANSWERS[feature](text)

    def detect_batch(
        self, feature: TextFeature, texts: Sequence[str], language: str
    ) -> BatchDetection:
        """The feature in several texts."""
        assert 0 < len(texts) <= 25
        self.batches.append(len(texts))
        batch = BatchDetection({}, [])
        for index, text in enumerate(texts):
            _check(text, 5_000)
            if self._failing(text):
                batch.errors.append(DetectionError(index, "InternalServerException", "busy"))
            else:
                self.bought.append(text)
                batch.results[index] = ANSWERS[feature](text)
        return batch


def _check(text: str, most: int) -> None:
    if not 0 < len(text.encode()) <= most:
        raise InvalidInputError(f"{len(text.encode())} bytes (TextSizeLimitExceededException)")


def _found(pattern: str, text: str, **more: Any) -> Iterator[Answer]:
    for match in re.finditer(pattern, text):
        yield {
            "Score": 0.9,
            "Text": match[0],
            "BeginOffset": match.start(),
            "EndOffset": match.end(),
            **more,
        }


def entities(text: str) -> Answer:
    """Capitalised words."""
    return {"Entities": list(_found(r"\b[A-Z]\w+", text, Type="PERSON"))}


def pii(text: str) -> Answer:
    """Digits, without their text, as Comprehend."""
    found = list(_found(r"\d+", text, Type="PHONE"))
    for entity in found:
        del entity["Text"]
    return {"Entities": found}


def key_phrases(text: str) -> Answer:
    """Long words."""
    return {"KeyPhrases": list(_found(r"\w{5,}", text))}


def syntax(text: str) -> Answer:
    """Words, numbered from one."""
    return {
        "SyntaxTokens": [
            {
                "TokenId": number,
                "Text": word["Text"],
                "BeginOffset": word["BeginOffset"],
                "EndOffset": word["EndOffset"],
                "PartOfSpeech": {"Tag": "NOUN", "Score": 0.9},
            }
            for number, word in enumerate(_found(r"\w+", text), 1)
        ]
    }


def sentiment(text: str) -> Answer:
    """The share of `good` and `bad`."""
    good, bad = text.count("good"), text.count("bad")
    positive, negative = good / (good + bad + 1), bad / (good + bad + 1)
    scores = {"Positive": positive, "Negative": negative, "Neutral": 1 - positive - negative}
    name = max(scores, key=scores.__getitem__)
    return {"Sentiment": name.upper(), "SentimentScore": {**scores, "Mixed": 0.0}}


def targeted(text: str) -> Answer:
    """Each capitalised word is meant once."""
    mention = {"MentionSentiment": {"Sentiment": "POSITIVE"}, "GroupScore": 1.0}
    return {
        "Entities": [
            {"DescriptiveMentionIndex": [0], "Mentions": [found]}
            for found in _found(r"\b[A-Z]\w+", text, Type="PERSON", **mention)
        ]
    }


ANSWERS: dict[TextFeature, Callable[[str], Answer]] = {
    TextFeature.ENTITIES: entities,
    TextFeature.PII: pii,
    TextFeature.KEY_PHRASES: key_phrases,
    TextFeature.SYNTAX: syntax,
    TextFeature.SENTIMENT: sentiment,
    TextFeature.TARGETED_SENTIMENT: targeted,
}


def as_language(language: FakeLanguage) -> Language:
    """Type-checked: the fake fulfils the port."""
    return language
