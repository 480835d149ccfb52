"""Texts to the engine and back: the languages, and the terms around them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError, UnsupportedOperationError
from windfall_local.engines import EngineDiedError, EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.host import EngineHost
from windfall_local.engines.translation import APERTIUM, CTRANSLATE2
from windfall_local.services.translate.languages import READ_AS
from windfall_local.services.translate.terminologies import TerminologyStore
from windfall_local.services.translate.terminology import protect

CONFIDENT = 0.5
"""Below this share a detected language is not relied on."""

_AT_ONCE = 10_000
"""Characters that the engine is asked for at once: who asks for a sentence meanwhile waits no
longer than for these."""


@dataclass(frozen=True, slots=True)
class Translation:
    """Translated texts.

    Attributes:
        texts: One for each that was given.
        source: The language that they were in.
        terms: The terms that were found in them, in their order, with what stands for each.
    """

    texts: list[str]
    source: str
    terms: list[tuple[str, str]]


class Translating:
    """Translates texts.

    Args:
        cloud: Has Comprehend, which knows languages.
        host: Runs the engine.
        store: The terminologies.
    """

    def __init__(self, cloud: Cloud, host: EngineHost, store: TerminologyStore) -> None:
        self._cloud = cloud
        self._host = host
        self._store = store

    async def translate(
        self,
        texts: Sequence[str],
        source: str,
        target: str,
        terminologies: Sequence[str],
        principal: Principal,
    ) -> Translation:
        """Translate texts of one language; `auto` has it detected, as this principal.

        Raises:
            ServiceError: As Translate has it.
        """
        if source == "auto":
            source = await self._detect("\n".join(texts), principal)
        pairs: dict[str, str] = {}
        for name in terminologies:
            pairs = self._store.terminology(name).pairs(source, target)
        protected = [protect(text, pairs) for text in texts]
        translated: list[str] = []
        for batch in _batches([item.text for item in protected]):
            translated += await self._run_engine(batch, source, target)
        restored = [p.restore(t) for p, t in zip(protected, translated, strict=True)]
        found = dict(term for item in protected for term in item.found)
        return Translation(restored, source, list(found.items()))

    async def targets(self) -> dict[str, list[str]]:
        """Per source language, the languages that it can be translated into."""
        served: dict[str, list[str]] = await self._ask("targets")
        return served

    async def check_pair(self, source: str, target: str) -> None:
        """Refuse what no text can be translated between.

        Raises:
            ServiceError: `UnsupportedLanguagePairException`.
        """
        served = await self.targets()
        wanted = READ_AS.get(target, target)
        if source == "auto":
            leads = any(wanted in reached for reached in served.values())
        else:
            leads = wanted in served.get(READ_AS.get(source, source), [])
        if not leads:
            raise _unsupported(source, target, "No pairs of the engine lead from one to the other.")

    async def _run_engine(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        wanted = (READ_AS.get(source, source), READ_AS.get(target, target))
        try:
            translated: list[str] = await self._ask("translate_all", list(texts), *wanted)
        except UnsupportedFeatureError as error:
            raise _unsupported(source, target, str(error)) from error
        return translated

    async def _detect(self, text: str, principal: Principal) -> str:
        """The language of a text: as on AWS, by the caller's own right to ask Comprehend."""
        # The beginning tells as much, and stays below Comprehend's limit.
        answer = await self._cloud.call(
            "comprehend", "DetectDominantLanguage", {"Text": text[:5_000]}, principal
        )
        best: dict[str, Any] = next(iter(answer["Languages"]), {"LanguageCode": "", "Score": 0.0})
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


def _batches(texts: Sequence[str]) -> list[list[str]]:
    """The texts in order, in groups of about as many characters as are asked for at once."""
    batches: list[list[str]] = []
    room = 0
    for text in texts:
        if not batches or len(text) > room:
            batches.append([])
            room = _AT_ONCE
        batches[-1].append(text)
        room -= len(text)
    return batches


def _unsupported(source: str, target: str, why: str) -> ServiceError:
    return ServiceError(
        "UnsupportedLanguagePairException",
        f"Unsupported language pair: {source} to {target}. {why} ListLanguages names "
        "the languages that are served here.",
        fields={"SourceLanguageCode": source, "TargetLanguageCode": target},
    )
