"""The language of a text, guessed by its small words: for an estimate, never for a result."""

from __future__ import annotations

import re
from collections import Counter

_LOOKED_AT = 5_000
_LEAST = 0.08
"""Of all words, those of the language's small ones: a text of its language has a fifth or more."""

_SMALL_WORDS = {
    "en": "the and of to in is that it for was with on are as you this have be at i my we not",
    "es": "el la de que y en los las un una por con para es del se no su lo al como me muy",
    "fr": "le la les de des et en un une du est que qui pour dans pas sur au je nous avec ce",
    "de": "der die das und in zu den von mit ist nicht ein eine auf für im dem sich ich es sie",
    "it": "il di che e la per un una in del non sono i le con si da al mi ho della nel è",
    "pt": "o a de que e do da em um uma para com não os as no na se por mais ao eu foi",
    "nl": "de het een en van in is dat op te zijn met voor niet aan er die ik ook maar",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_SCRIPTS = (
    ("ja", r"[\u3040-\u30ff]"),
    ("ko", r"[\uac00-\ud7af]"),
    ("zh", r"[\u4e00-\u9fff]"),
    ("ar", r"[\u0600-\u06ff]"),
    ("hi", r"[\u0900-\u097f]"),
    ("ru", r"[\u0400-\u04ff]"),
)
_OTHER_SCRIPT = 0.1
"""Of a text's beginning, characters of a script: Japanese is half Chinese characters at most."""


def likely_language(text: str) -> str | None:
    """The language of a text as Translate writes it; None when it is none of those known here."""
    beginning = text[:_LOOKED_AT].lower()
    for language, script in _SCRIPTS:
        if len(re.findall(script, beginning)) > _OTHER_SCRIPT * len(beginning):
            return language
    words = re.findall(r"[^\W\d_]+", beginning)
    counts = Counter(
        language for word in words for language, small in _WORDS.items() if word in small
    )
    if not counts:
        return None
    language, count = counts.most_common(1)[0]
    return language if count >= _LEAST * len(words) else None
