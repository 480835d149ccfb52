"""Names, ages and dates."""

# ruff: noqa: E501 - lists of words and patterns read best unbroken
from __future__ import annotations

import re
from collections.abc import Iterator

from windfall_local.engines.language import Span
from windfall_local.engines.language.dates import dates
from windfall_local.engines.language.entities import name_entities
from windfall_local.engines.language.evidence import CUED, PLAUSIBLE, STRUCTURED

_WORD = r"[A-Z\u00c0-\u00dd][\w\u00c0-\u024f'\u2019-]+"
_NAME = rf"{_WORD}(?: (?:(?:de|del|la|van|von|der|bin|al) )*(?:[A-Z]\. )?{_WORD}){{0,3}}"
_INTRODUCED = {
    "en": rf"(?:[Mm]y name is|[Mm]y name's|I am called|[Nn]ame:|[Ff]rom:|[Tt]o:|[Dd]ear|[Ss]incerely,|"
    rf"[Rr]egards,|[Yy]ours,|[Ss]igned,|I am|I'm|[Tt]his is|[Cc]ontact|[Aa]ttn:?)\s+(?P<it>{_NAME})",
    "es": rf"(?:[Mm]e llamo|[Mm]i nombre es|[Nn]ombre:|[Dd]e:|[Pp]ara:|[Ee]stimad[oa]|[Ss]oy|[Aa]tentamente,|"
    rf"[Ss]aludos,)\s+(?P<it>{_NAME})",
}
_AGE = {
    "en": r"\b(?P<it>\d{1,3}(?:[- ]years?[- ]old| years of age))\b|\b(?:[Aa]ged?|[Aa]ge:)\s+(?P<it2>\d{1,3})\b",
    "es": r"\b(?:[Tt]engo|[Tt]iene|de|[Ee]dad:?)\s+(?P<it>\d{1,3} años)\b(?! (?:de experiencia|después))",
}


def find(text: str, language: str) -> Iterator[Span]:
    """Names, ages and dates, in this order of preference."""
    for pattern, kind, score in (
        (_INTRODUCED[language], "NAME", CUED),
        (_AGE[language], "AGE", STRUCTURED),
    ):
        for match in re.finditer(pattern, text):
            group = next(name for name, value in match.groupdict().items() if value)
            yield Span(kind, match.group(group), match.start(group), match.end(group), score)
    for span in dates(text, language):
        yield Span("DATE_TIME", span.text, span.begin, span.end, STRUCTURED)
    for span in name_entities(text, language):
        if span.kind == "PERSON" and span.score >= PLAUSIBLE:
            yield Span("NAME", span.text, span.begin, span.end, span.score)
