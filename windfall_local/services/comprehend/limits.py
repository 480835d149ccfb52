"""What Comprehend refuses: sizes, languages, empty texts (guidelines and quotas, API reference)."""

from __future__ import annotations

from typing import Any

from windfall_local.api import ServiceError

LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")
SYNTAX_LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
PERSONAL_LANGUAGES = ("en", "es")
ENGLISH = ("en",)

SHORT = 5_000
"""Bytes of UTF-8 for sentiment and syntax, and for each text of a batch."""

LONG = 100_000
"""Bytes of UTF-8 for language, entities, key phrases and personal data."""

BATCH = 25
"""Texts in a batch."""


def require_text(parameters: dict[str, Any], limit: int) -> str:
    """The request's text, within its limit."""
    text = parameters.get("Text")
    if text is None:
        raise _invalid("Text is required for this operation")
    check_text(str(text), limit)
    return str(text)


def check_text(text: str, limit: int) -> None:
    """Refuse an empty text, and one over the limit.

    Raises:
        ServiceError: As AWS words it.
    """
    if not text:
        raise ServiceError(
            "ValidationException",
            "1 validation error detected: Value '' at 'text' failed to satisfy constraint: Member "
            "must have length greater than or equal to 1",
        )
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > limit:
        raise ServiceError(
            "TextSizeLimitExceededException",
            f"Input text size exceeds limit. Max length of request text allowed is {limit} bytes "
            f"while in this request the text size is {size} bytes",
        )


def require_language(parameters: dict[str, Any], known: tuple[str, ...]) -> str:
    """The request's language, when this operation knows it on AWS.

    Raises:
        ServiceError: `ValidationException` for what is no language of Comprehend at all,
            `UnsupportedLanguageException` for one that this operation does not take.
    """
    language = str(parameters.get("LanguageCode") or "")
    if language not in LANGUAGES:
        raise ServiceError(
            "ValidationException",
            f"1 validation error detected: Value '{language}' at 'languageCode' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(LANGUAGES)}]",
        )
    if language not in known:
        raise ServiceError(
            "UnsupportedLanguageException",
            f"Input language {language} is not supported by this operation. Supported languages: "
            f"{', '.join(known)}",
        )
    return language


def require_batch(parameters: dict[str, Any]) -> list[str]:
    """The texts of a batch, at least one and at most 25."""
    texts = [str(text) for text in parameters.get("TextList") or []]
    if not texts:
        raise _invalid("TextList must have at least one document")
    if len(texts) > BATCH:
        raise ServiceError(
            "BatchSizeLimitExceededException",
            f"Batch size limit exceeded. Max number of documents allowed is {BATCH} while in this "
            f"request the number of documents is {len(texts)}",
        )
    return texts


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequestException", message)
