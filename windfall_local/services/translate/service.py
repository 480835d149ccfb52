"""The operations of Translate that a local engine really answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
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
from windfall_local.engines.translation import APERTIUM, CTRANSLATE2
from windfall_local.services.translate import documents
from windfall_local.services.translate.languages import NAMES, READ_AS
from windfall_local.services.translate.terminologies import TerminologyStore
from windfall_local.services.translate.terminology import applied, protect

Answer = dict[str, Any]

LONGEST = 10_000
"""Bytes of UTF-8 for TranslateText."""

LARGEST_DOCUMENT = 102_400
"""Bytes for TranslateDocument."""

CONFIDENT = 0.5
"""Below this share a detected language is not relied on."""

_JOBS = "Jobs of the local translate are not there yet: {0} works on AWS only."


class TranslateService(OperationService):
    """Translate; the languages that the installed engine has.

    Formality, profanity and brevity are taken and not applied: `AppliedSettings` tells so by
    not naming them.

    Args:
        cloud: The cloud it is part of.
        host: Runs the engine.
    """

    name = "translate"

    def __init__(self, cloud: Cloud, host: EngineHost) -> None:
        self._cloud = cloud
        self._host = host
        self._store = TerminologyStore(cloud.data_dir / "translate" / "terminologies", cloud.region)

    async def translate_text(self, parameters: Answer, context: CallContext) -> Answer:
        """A text in another language."""
        text = str(parameters.get("Text", ""))
        size = len(text.encode("utf-8", "surrogatepass"))
        if not size:
            raise _invalid("Text must have a length of at least 1")
        if size > LONGEST:
            raise ServiceError(
                "TextSizeLimitExceededException",
                f"Input text size exceeds limit. Max length of request text allowed is {LONGEST} "
                f"bytes while in this request the text size is {size} bytes",
            )
        translated, answer = await self._translate([text], parameters, context)
        return {"TranslatedText": translated[0], **answer}

    async def translate_document(self, parameters: Answer, context: CallContext) -> Answer:
        """A plain, HTML or Word document in another language."""
        content = bytes(parameters["Document"]["Content"])
        kind = str(parameters["Document"]["ContentType"]).split(";")[0].strip().lower()
        if kind not in (documents.TEXT, documents.HTML, documents.WORD):
            raise _invalid(f"The content type {kind} is not supported")
        if len(content) > LARGEST_DOCUMENT:
            raise ServiceError(
                "LimitExceededException",
                f"The document has {len(content)} bytes; at most {LARGEST_DOCUMENT} are allowed",
            )
        try:
            texts, rebuild = await asyncio.to_thread(documents.take_apart, content, kind)
        except documents.DocumentError as error:
            raise _invalid(str(error)) from error
        translated, answer = await self._translate(texts, parameters, context)
        built = await asyncio.to_thread(rebuild, translated)
        return {"TranslatedDocument": {"Content": built}, **answer}

    async def list_languages(self, parameters: Answer, context: CallContext) -> Answer:
        """The languages that the engine serves now."""
        display = str(parameters.get("DisplayLanguageCode") or "en")
        if display != "en":
            raise ServiceError(
                "UnsupportedDisplayLanguageCodeException",
                f"The local translate names languages in English only, not in {display}",
                fields={"DisplayLanguageCode": display},
            )
        served = await self._ask("targets")
        codes = {*served, *(target for targets in served.values() for target in targets)}
        codes |= {variety for variety, language in READ_AS.items() if language in codes}
        listed = [{"LanguageName": "Auto", "LanguageCode": "auto"}] + [
            {"LanguageName": NAMES[code], "LanguageCode": code}
            for code in sorted(codes, key=lambda code: NAMES[code])
        ]
        page, token = _page(listed, parameters)
        return {"Languages": page, "DisplayLanguageCode": display, **token}

    async def import_terminology(self, parameters: Answer, context: CallContext) -> Answer:
        """Keep custom terms."""
        for name in ("EncryptionKey", "Tags"):
            if parameters.get(name):
                raise UnsupportedOperationError(
                    f"The local translate keeps terminologies without {name}."
                )
        if parameters.get("MergeStrategy") != "OVERWRITE":
            raise ServiceError("InvalidParameterValueException", "MergeStrategy must be OVERWRITE")
        name, data = str(parameters["Name"]), parameters["TerminologyData"]
        properties = self._store.put(name, data, parameters.get("Description"))
        return {"TerminologyProperties": properties}

    async def get_terminology(self, parameters: Answer, context: CallContext) -> Answer:
        """Custom terms: what they are, and where their file lies on this machine."""
        name = str(parameters["Name"])
        return {
            "TerminologyProperties": self._store.properties(name),
            "TerminologyDataLocation": self._store.location(name),
        }

    async def list_terminologies(self, parameters: Answer, context: CallContext) -> Answer:
        """All terminologies, by name."""
        listed = [self._store.properties(name) for name in self._store.names()]
        page, token = _page(listed, parameters)
        return {"TerminologyPropertiesList": page, **token}

    async def delete_terminology(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget custom terms."""
        self._store.delete(str(parameters["Name"]))
        return {}

    async def start_text_translation_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Refused: not there yet."""
        raise UnsupportedOperationError(_JOBS.format("StartTextTranslationJob"))

    async def describe_text_translation_job(
        self, parameters: Answer, context: CallContext
    ) -> Answer:
        """Refused: not there yet."""
        raise UnsupportedOperationError(_JOBS.format("DescribeTextTranslationJob"))

    async def _translate(
        self, texts: Sequence[str], parameters: Answer, context: CallContext
    ) -> tuple[list[str], Answer]:
        """The texts in the target language, and what the answer tells beside them."""
        target = str(parameters.get("TargetLanguageCode", ""))
        named = str(parameters.get("SourceLanguageCode", ""))
        terminologies = [str(name) for name in parameters.get("TerminologyNames") or []]
        if len(terminologies) > 1:
            raise _invalid("At most one terminology can be applied")
        source = named
        if named == "auto":
            source = await self._detect("\n".join(texts), context)
        pairs: dict[str, str] = {}
        for name in terminologies:
            pairs = self._store.terminology(name).pairs(source, target)
        protected = [protect(text, pairs) for text in texts]
        translated = await self._run_engine([item.text for item in protected], source, target)
        answer: Answer = {"SourceLanguageCode": source, "TargetLanguageCode": target}
        found = dict(term for item in protected for term in item.found)
        if terminologies:
            answer["AppliedTerminologies"] = [applied(terminologies[0], list(found.items()))]
        if parameters.get("Settings"):
            answer["AppliedSettings"] = {}
        return [p.restore(t) for p, t in zip(protected, translated, strict=True)], answer

    async def _run_engine(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        wanted = (READ_AS.get(source, source), READ_AS.get(target, target))
        try:
            translated: list[str] = await self._ask("translate_all", list(texts), *wanted)
        except UnsupportedFeatureError as error:
            raise ServiceError(
                "UnsupportedLanguagePairException",
                f"Unsupported language pair: {source} to {target}. {error} ListLanguages names "
                "the languages that are served here.",
                fields={"SourceLanguageCode": source, "TargetLanguageCode": target},
            ) from error
        return translated

    async def _detect(self, text: str, context: CallContext) -> str:
        """The language of a text: as on AWS, by the caller's own right to ask Comprehend."""
        # The beginning tells as much, and stays below Comprehend's limit.
        answer = await self._cloud.call(
            "comprehend", "DetectDominantLanguage", {"Text": text[:5_000]}, context.principal
        )
        best: Answer = next(iter(answer["Languages"]), {"LanguageCode": "", "Score": 0.0})
        if best["Score"] < CONFIDENT:
            raise ServiceError(
                "DetectedLanguageLowConfidenceException",
                "The source language could not be detected with confidence",
                fields={"DetectedLanguageCode": best["LanguageCode"]},
            )
        return str(best["LanguageCode"])

    async def _ask(self, method: str, *arguments: Any) -> Any:
        # A model of the user's own goes first.
        engine = CTRANSLATE2 if os.environ.get("WINDFALL_CTRANSLATE2_DIR") else APERTIUM
        try:
            return await self._host.run(engine, method, *arguments)
        except EngineDiedError as error:
            # It starts again at the next call: the caller's retry will find it.
            raise ServiceError("InternalServerException", str(error), status=500) from error
        except EngineUnavailableError as error:
            raise UnsupportedOperationError(f"The local translate can't: {error}") from error


def _page(items: list[Answer], parameters: Answer) -> tuple[list[Answer], Answer]:
    """A page of a list; the token is where the next one begins."""
    token = str(parameters.get("NextToken") or "0")
    if not token.isdigit() or int(token) > len(items):
        raise ServiceError("InvalidParameterValueException", "The NextToken is invalid")
    begin = int(token)
    end = begin + int(parameters.get("MaxResults") or 500)
    return items[begin:end], {"NextToken": str(end)} if end < len(items) else {}


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequestException", message)
