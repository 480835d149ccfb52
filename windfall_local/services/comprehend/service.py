"""The operations of Comprehend that a local engine really answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from windfall_local.api import (
    CallContext,
    Cloud,
    OperationService,
    ServiceError,
    UnsupportedOperationError,
)
from windfall_local.engines import EngineDiedError, EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.host import EngineHost
from windfall_local.engines.language import LANGUAGE
from windfall_local.engines.translation import APERTIUM
from windfall_local.services.comprehend import answers, limits

Answer = dict[str, Any]
Detect = Callable[[str, str], Awaitable[Answer]]


class ComprehendService(OperationService):
    """Comprehend; every answer comes from an engine, or is a refusal that names the remedy.

    Args:
        cloud: The cloud it is part of.
        host: Runs the engines.
    """

    name = "comprehend"

    def __init__(self, cloud: Cloud, host: EngineHost) -> None:
        self._cloud = cloud
        self._host = host

    async def detect_dominant_language(self, parameters: Answer, context: CallContext) -> Answer:
        """The languages of a text."""
        return await self._languages(limits.require_text(parameters, limits.LONG), "")

    async def batch_detect_dominant_language(
        self, parameters: Answer, context: CallContext
    ) -> Answer:
        """The languages of up to 25 texts."""
        return await _batch(parameters, "", self._languages)

    async def detect_sentiment(self, parameters: Answer, context: CallContext) -> Answer:
        """How a text feels."""
        language = limits.require_language(parameters, limits.LANGUAGES)
        return await self._sentiment(limits.require_text(parameters, limits.SHORT), language)

    async def batch_detect_sentiment(self, parameters: Answer, context: CallContext) -> Answer:
        """How up to 25 texts feel."""
        language = limits.require_language(parameters, limits.LANGUAGES)
        return await _batch(parameters, language, self._sentiment)

    async def detect_targeted_sentiment(self, parameters: Answer, context: CallContext) -> Answer:
        """How a text feels about each thing it names."""
        language = limits.require_language(parameters, limits.ENGLISH)
        text = limits.require_text(parameters, limits.SHORT)
        return await self._targeted_sentiment(text, language)

    async def batch_detect_targeted_sentiment(
        self, parameters: Answer, context: CallContext
    ) -> Answer:
        """How up to 25 texts feel about each thing they name."""
        language = limits.require_language(parameters, limits.ENGLISH)
        return await _batch(parameters, language, self._targeted_sentiment)

    async def detect_entities(self, parameters: Answer, context: CallContext) -> Answer:
        """What a text names."""
        for name in ("EndpointArn", "Bytes", "DocumentReaderConfig"):
            if parameters.get(name) is not None:
                raise UnsupportedOperationError(
                    f"The local comprehend has no custom recognizers: DetectEntities with {name} "
                    "works on AWS only. Send Text and LanguageCode."
                )
        language = limits.require_language(parameters, limits.LANGUAGES)
        return await self._entities(limits.require_text(parameters, limits.LONG), language)

    async def batch_detect_entities(self, parameters: Answer, context: CallContext) -> Answer:
        """What up to 25 texts name."""
        language = limits.require_language(parameters, limits.LANGUAGES)
        return await _batch(parameters, language, self._entities)

    async def detect_key_phrases(self, parameters: Answer, context: CallContext) -> Answer:
        """What a text speaks of."""
        language = limits.require_language(parameters, limits.LANGUAGES)
        return await self._key_phrases(limits.require_text(parameters, limits.LONG), language)

    async def batch_detect_key_phrases(self, parameters: Answer, context: CallContext) -> Answer:
        """What up to 25 texts speak of."""
        language = limits.require_language(parameters, limits.LANGUAGES)
        return await _batch(parameters, language, self._key_phrases)

    async def detect_syntax(self, parameters: Answer, context: CallContext) -> Answer:
        """Every word's part of speech."""
        language = limits.require_language(parameters, limits.SYNTAX_LANGUAGES)
        return await self._syntax(limits.require_text(parameters, limits.SHORT), language)

    async def batch_detect_syntax(self, parameters: Answer, context: CallContext) -> Answer:
        """Every word's part of speech in up to 25 texts."""
        language = limits.require_language(parameters, limits.SYNTAX_LANGUAGES)
        return await _batch(parameters, language, self._syntax)

    async def detect_pii_entities(self, parameters: Answer, context: CallContext) -> Answer:
        """Where a text has personal data."""
        language = limits.require_language(parameters, limits.PERSONAL_LANGUAGES)
        text = limits.require_text(parameters, limits.LONG)
        return answers.personal_data(await self._ask("personal_data", text, language))

    async def contains_pii_entities(self, parameters: Answer, context: CallContext) -> Answer:
        """Which kinds of personal data a text has."""
        language = limits.require_language(parameters, limits.PERSONAL_LANGUAGES)
        text = limits.require_text(parameters, limits.LONG)
        return answers.personal_labels(await self._ask("personal_data", text, language))

    async def _languages(self, text: str, _language: str) -> Answer:
        return answers.languages(await self._ask("identify", text))

    async def _sentiment(self, text: str, language: str) -> Answer:
        """English by VADER; other languages through their translation into English."""
        if language != "en":
            text = await self._into_english(text, language)
        return answers.sentiment(await self._ask("sentiment", text, "en"))

    async def _targeted_sentiment(self, text: str, language: str) -> Answer:
        return answers.targeted_sentiment(await self._ask("targeted_sentiment", text, language))

    async def _entities(self, text: str, language: str) -> Answer:
        return answers.entities(await self._ask("entities", text, language))

    async def _key_phrases(self, text: str, language: str) -> Answer:
        return answers.key_phrases(await self._ask("key_phrases", text, language))

    async def _syntax(self, text: str, language: str) -> Answer:
        return answers.syntax(await self._ask("syntax", text, language))

    async def _into_english(self, text: str, language: str) -> str:
        try:
            translated: str = await self._host.run(APERTIUM, "translate", text, language, "en")
        except EngineDiedError as error:
            # It starts again at the next call: the caller's retry will find it.
            raise ServiceError("InternalServerException", str(error), status=500) from error
        except (EngineUnavailableError, UnsupportedFeatureError) as error:
            raise UnsupportedOperationError(
                f"The local comprehend reads the sentiment of {language} through its translation "
                f"into English, and there is none: {error}"
            ) from error
        return translated

    async def _ask(self, method: str, *arguments: str) -> Any:
        try:
            return await self._host.run(LANGUAGE, method, *arguments)
        except EngineDiedError as error:
            # It starts again at the next call: the caller's retry will find it.
            raise ServiceError("InternalServerException", str(error), status=500) from error
        except (EngineUnavailableError, UnsupportedFeatureError) as error:
            raise UnsupportedOperationError(
                f"The local comprehend can't do this: {error} On AWS it works."
            ) from error


async def _batch(parameters: Answer, language: str, detect: Detect) -> Answer:
    """Each text for itself: what one is refused for stands in the error list."""
    texts = limits.require_batch(parameters)
    results: list[Answer] = []
    errors: list[Answer] = []

    async def answer(index: int, text: str) -> None:
        try:
            limits.check_text(text, limits.SHORT)
            results.append({"Index": index, **await detect(text, language)})
        except UnsupportedOperationError:
            raise
        except ServiceError as error:
            if error.status >= 500:
                raise
            errors.append({"Index": index, **_item_error(error)})

    await asyncio.gather(*(answer(index, text) for index, text in enumerate(texts)))
    return {
        "ResultList": sorted(results, key=lambda item: int(item["Index"])),
        "ErrorList": sorted(errors, key=lambda item: int(item["Index"])),
    }


def _item_error(error: ServiceError) -> Answer:
    codes = {"TextSizeLimitExceededException": "TEXT_SIZE_LIMIT_EXCEEDED"}
    return {
        "ErrorCode": codes.get(error.code, "INVALID_REQUEST"),
        "ErrorMessage": error.message,
    }
