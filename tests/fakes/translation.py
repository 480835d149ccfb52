"""Translate that shouts: its translation is the text in capitals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from windfall.contracts.languages import Formality, Profanity
from windfall.errors import NotFoundError, UnsupportedError
from windfall.ports.analysis_services import Translated, Translation


class FakeTranslation:
    """Knows the languages en, es and de; drops white space at the ends as Translate may."""

    def __init__(self) -> None:
        self.bought: list[str] = []
        self.options: list[dict[str, Any]] = []

    def translate(
        self,
        text: str,
        source: str,
        target: str,
        *,
        terminologies: Sequence[str] = (),
        formality: Formality | None = None,
        profanity: Profanity | None = None,
    ) -> Translated:
        """The text in capitals."""
        assert 0 < len(text.encode()) <= 10_000
        assert text.strip()
        if not {source, target} <= {"en", "es", "de"}:
            raise UnsupportedError(f"TranslateText: {source} to {target} is not supported.")
        if "missing" in terminologies:
            raise NotFoundError("TranslateText: there is no terminology missing.")
        self.bought.append(text)
        options = {"terminologies": terminologies, "formality": formality, "profanity": profanity}
        self.options.append(options)
        return Translated(text.strip().upper(), source)


def as_translation(translation: FakeTranslation) -> Translation:
    """Type-checked: the fake fulfils the port."""
    return translation
