"""How an English text feels about each thing it names: the feeling of the clause around it."""

from __future__ import annotations

import re

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.language import ENGLISH_ONLY, Mention, Span
from windfall_local.engines.language.entities import entities
from windfall_local.engines.language.phrases import key_phrases
from windfall_local.engines.language.segments import sentences
from windfall_local.engines.language.sentiment import polarity, weigh

_TURN = re.compile(r"[,;:]|\b(?:but|however|although|though|yet|whereas|while)\b", re.IGNORECASE)


def targeted_sentiment(text: str, language: str) -> list[list[Mention]]:
    """How a text feels about each entity, by entity and then by mention.

    Mentions are named entities and things (noun phrases of common nouns); those written alike
    are one entity. Pronouns are not followed.

    Raises:
        UnsupportedFeatureError: Not in this language.
    """
    if language not in ENGLISH_ONLY:
        raise UnsupportedFeatureError(f"VADER reads English, not {language}.")
    groups: dict[str, list[Mention]] = {}
    for span in _targets(text, language):
        clause = _clause(text, span)
        mention = Mention(span, weigh([polarity(clause)]))
        groups.setdefault(_same(span.text), []).append(mention)
    return list(groups.values())


def _targets(text: str, language: str) -> list[Span]:
    named = entities(text, language)
    things = [
        Span("OTHER", phrase.text, phrase.begin, phrase.end, phrase.score)
        for phrase in key_phrases(text, language)
        if all(phrase.end <= name.begin or phrase.begin >= name.end for name in named)
    ]
    return sorted([*named, *things], key=lambda span: span.begin)


def _same(text: str) -> str:
    return re.sub(r"^(?:the|a|an|my|our|your|his|her|their|its)\s+", "", text.lower())


def _clause(text: str, span: Span) -> str:
    for sentence in sentences(text):
        if sentence.begin <= span.begin < sentence.end:
            begin, end = sentence.begin, sentence.end
            for turn in _TURN.finditer(text, sentence.begin, sentence.end):
                if turn.end() <= span.begin:
                    begin = turn.end()
                elif turn.start() >= span.end:
                    end = min(end, turn.start())
            return text[begin:end]
    return span.text
