"""Amazon Comprehend's operations on texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.contracts.features import TextFeature
from windfall.errors import InvalidInputError
from windfall.ports.analysis_services import BatchDetection, DetectionError

_OPERATIONS = {
    TextFeature.SENTIMENT: "detect_sentiment",
    TextFeature.TARGETED_SENTIMENT: "detect_targeted_sentiment",
    TextFeature.ENTITIES: "detect_entities",
    TextFeature.KEY_PHRASES: "detect_key_phrases",
    TextFeature.PII: "detect_pii_entities",
    TextFeature.SYNTAX: "detect_syntax",
}


class ComprehendLanguage:
    """Reads texts with Comprehend."""

    def dominant(self, text: str) -> list[dict[str, Any]]:
        """The languages of a text, surest first."""
        with translated_errors():
            answer = ai_client("comprehend").detect_dominant_language(Text=text)
        languages: list[dict[str, Any]] = answer["Languages"]
        return sorted(languages, key=lambda found: -found["Score"])

    def detect(self, feature: TextFeature, text: str, language: str) -> dict[str, Any]:
        """The raw answer for one text."""
        with translated_errors():
            call = getattr(ai_client("comprehend"), _OPERATIONS[feature])
            answer: dict[str, Any] = call(Text=text, LanguageCode=language)
        answer.pop("ResponseMetadata", None)
        return answer

    def detect_batch(
        self, feature: TextFeature, texts: Sequence[str], language: str
    ) -> BatchDetection:
        """Raw answers for up to 25 texts; HTTP 200 can still carry an error for each."""
        if feature is TextFeature.PII:
            raise InvalidInputError("Comprehend finds PII in one text at a time.")
        with translated_errors():
            call = getattr(ai_client("comprehend"), f"batch_{_OPERATIONS[feature]}")
            answer = call(TextList=list(texts), LanguageCode=language)
        return BatchDetection(
            results={
                found["Index"]: {name: value for name, value in found.items() if name != "Index"}
                for found in answer["ResultList"]
            },
            errors=[
                DetectionError(found["Index"], found["ErrorCode"], found["ErrorMessage"])
                for found in answer["ErrorList"]
            ],
        )
