"""Machine translation.

    apertium      `ApertiumEngine`: rules and dictionaries, in processes of their own
    installation  where Apertium lies, and which pairs of languages it has
    pipeline      one pair's chain of programs, kept running
    stream        plain text to Apertium's stream format and back
    ctranslate2   `CTranslate2Engine`: a neural model from a folder of the user's

Languages are named as ISO 639-1 has them (`en`, `pt-PT`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

APERTIUM = "windfall_local.engines.translation.apertium:ApertiumEngine"
CTRANSLATE2 = "windfall_local.engines.translation.ctranslate2:CTranslate2Engine"
"""What `EngineHost.run` calls them."""


class TranslationEngine(Protocol):
    """Translates plain text."""

    def targets(self) -> dict[str, list[str]]:
        """Per source language, the languages it can be translated into.

        Raises:
            EngineUnavailableError: The engine is not installed.
        """
        ...

    def translate(self, text: str, source: str, target: str) -> str:
        """The text in the target language; blank lines and line breaks are kept.

        Raises:
            UnsupportedFeatureError: It can't translate between these.
            EngineUnavailableError: The engine is not installed, or gave up.
        """
        ...

    def translate_all(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Several texts, each for itself."""
        ...
