"""Which language a text is in, by py3langid: 97 languages, well under a millisecond."""

from __future__ import annotations

import re
import threading
from typing import Any

from windfall_local.engines.language import LanguageGuess

LEAST = 0.01
"""Guesses below this share are left out."""

_NO_LANGUAGE = "zxx"
"""The model's name for what is no language; a text always is in one, if only by a guess."""
_WITH_DIGIT = re.compile(r"[!-~]*[0-9][!-~]*")
"""ASCII only: a Chinese sentence has no spaces to tell its words from its numbers."""

_lock = threading.Lock()
_loaded: list[Any] = []


def identify(text: str) -> list[LanguageGuess]:
    """The languages of a text, the likeliest first; none for a text without letters."""
    if not any(character.isalpha() for character in text):
        return []
    ranked: list[tuple[str, float]] = _identifier().rank(_words(text))
    guesses = [LanguageGuess(code, float(share)) for code, share in ranked if share >= LEAST]
    return guesses[:5] or [LanguageGuess(ranked[0][0], float(ranked[0][1]))]


def _words(text: str) -> str:
    """The text without numbers and identifiers: they are of no language, and drown a short one."""
    words = _WITH_DIGIT.sub(" ", text)
    return words if any(character.isalpha() for character in words) else text


def _identifier() -> Any:
    with _lock:
        if not _loaded:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - 0.2 s

            # Unnormalised, it answers log scores.
            identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
            known = set(identifier.nb_classes) - {_NO_LANGUAGE}
            identifier.set_languages(sorted(known))
            _loaded.append(identifier)
        return _loaded[0]
