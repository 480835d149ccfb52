"""What a text names: forms for dates and quantities, lists and cue words for names.

English candidates are the tagger's proper nouns; in the other languages they are words with a
capital that do not begin a sentence. What nothing speaks for is OTHER.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.language import ENTITY_LANGUAGES, Span, grammar, names
from windfall_local.engines.language.cues import CUES
from windfall_local.engines.language.dates import dates, first_of_each, quantities
from windfall_local.engines.language.evidence import CHECKED, CUED, GUESSED, LISTED, PLAUSIBLE
from windfall_local.engines.language.segments import Piece, sentences, words

_ADDRESS = re.compile(
    r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]|www\.[^\s<>\"]+[^\s<>\".,;:!?)]"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<!\w)[@#]\w{2,}"
)
_COMPANY = re.compile(r"\b[A-Z][\w-]*\.(?:com|org|net|io|es)\b(?:, Inc\.?)?")


def entities(text: str, language: str) -> list[Span]:
    """What a text names, in its order.

    Raises:
        UnsupportedFeatureError: Not in this language.
    """
    if language not in ENTITY_LANGUAGES:
        raise UnsupportedFeatureError(
            f"Entities are found in {', '.join(ENTITY_LANGUAGES)}, not in {language}."
        )
    addresses = [_found("OTHER", match, CHECKED) for match in _ADDRESS.finditer(text)]
    companies = [_found("ORGANIZATION", match, CUED) for match in _COMPANY.finditer(text)]
    counted = [*dates(text, language), *quantities(text, language)]
    names_found = list(name_entities(text, language))
    return list(first_of_each([*addresses, *companies, *counted, *names_found]))


def name_entities(text: str, language: str) -> Iterator[Span]:
    """People, places, organisations and other names."""
    for sentence in sentences(text):
        for run in _candidates(sentence, language):
            for name in _strip(run, language):
                kind, score = _Judge(text, name, language).judge()
                begin, end = name.words[0].begin, name.words[-1].end
                yield Span(kind, text[begin:end], begin, end, score)


@dataclass(frozen=True, slots=True)
class _Name:
    """A run of words that look like a name; `leads` when it begins its sentence."""

    words: list[Piece]
    leads: bool


def _candidates(sentence: Piece, language: str) -> Iterator[_Name]:
    pieces = words(sentence)
    if language == "en":
        tagged = grammar.tag_words(pieces)
        proper = [word.tag.startswith("NNP") and _has_capital(word.piece.text) for word in tagged]
    else:
        proper = [_has_capital(piece.text) and piece.text[0].isalpha() for piece in pieces]
    joiners = CUES[language].joiners
    run: list[int] = []
    for index, piece in enumerate(pieces):
        joins = (
            bool(run)
            and piece.text.lower() in joiners
            and index + 1 < len(pieces)
            and proper[index + 1]
            and run[-1] == index - 1
        )
        if proper[index] or joins:
            run.append(index)
            continue
        yield from _cut(pieces, run)
        run = []
    yield from _cut(pieces, run)


def _cut(pieces: Sequence[Piece], run: Sequence[int]) -> Iterator[_Name]:
    if run:
        yield _Name([pieces[index] for index in run], run[0] == 0)


def _has_capital(text: str) -> bool:
    return text[0].isupper()


def _strip(name: _Name, language: str) -> Iterator[_Name]:
    """A candidate without words that only stand there because a sentence begins."""
    cues = CUES[language]
    kept = name.words
    leads = name.leads
    while kept and (kept[0].text.lower() in cues.never or _only_leads(kept, leads, language)):
        kept, leads = kept[1:], False
    while kept and kept[-1].text.lower() in (cues.joiners | cues.never):
        kept = kept[:-1]
    # A title alone is nobody: "Dr" before "." and "Smith".
    titled = len(kept) == 1 and kept[0].text.lower() in cues.titles
    if kept and not titled and any(len(piece.text) > 1 for piece in kept):
        yield _Name(kept, leads)


def _only_leads(kept: Sequence[Piece], leads: bool, language: str) -> bool:
    if not leads:
        return False
    first = kept[0].text.lower()
    if first in names.first_names() or first in CUES[language].titles:
        return False
    if language == "en":
        return grammar.is_common_word(first) and (len(kept) == 1 or first in CUES["en"].never)
    # Other languages have no lexicon here: a first word counts if a list has it.
    known = first in names.places().regions or names.places().cities.get(first, 0) > 50_000
    return not known and (len(kept) == 1 or not _has_capital(kept[1].text))


class _Judge:
    """Decides what a name is, by the strongest thing that speaks for something."""

    def __init__(self, text: str, name: _Name, language: str) -> None:
        self._cues = CUES[language]
        self._words = [piece.text.lower().strip(".") for piece in name.words]
        self._whole = " ".join(piece.text for piece in name.words).lower()
        self._raw = " ".join(piece.text for piece in name.words)
        self._before = re.findall(
            r"[\w\u2019']+", text[max(0, name.words[0].begin - 30) : name.words[0].begin]
        )
        self._after = text[name.words[-1].end : name.words[-1].end + 3]

    def judge(self) -> tuple[str, float]:
        """Its type, and how much speaks for it."""
        checks = (
            self._by_title,
            self._by_cue_word,
            self._by_region,
            self._by_known_name,
            self._by_place_or_person,
        )
        for check in checks:
            found = check()
            if found is not None:
                return found
        if self._raw.isupper() and 2 <= len(self._raw) <= 6 and self._raw.isalpha():
            return "ORGANIZATION", GUESSED
        return "OTHER", GUESSED

    def _by_title(self) -> tuple[str, float] | None:
        before = self._before[-1].lower() if self._before else ""
        if before in self._cues.titles or self._words[0] in self._cues.titles:
            return ("PERSON", CUED) if len(self._words) > 1 or before else None
        return None

    def _by_cue_word(self) -> tuple[str, float] | None:
        for kind, cues in (
            ("ORGANIZATION", self._cues.organisations),
            ("LOCATION", self._cues.places),
            ("EVENT", self._cues.events),
        ):
            # A cue alone ("Hotel", "River") is no name.
            if len(self._words) > 1 and not cues.isdisjoint(self._words):
                return kind, CUED
        return None

    def _by_region(self) -> tuple[str, float] | None:
        if self._whole in names.places().regions:
            return "LOCATION", LISTED
        return ("OTHER", CUED) if self._whole in self._cues.peoples else None

    def _by_known_name(self) -> tuple[str, float] | None:
        kinds = {"PERS": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
        kind = names.known().get(self._whole)
        return (kinds[kind], LISTED) if kind else None

    def _by_place_or_person(self) -> tuple[str, float] | None:
        """Lists of cities and of people share many names; size and surroundings decide."""
        inhabitants = names.places().cities.get(self._whole, 0)
        preposition = (self._before[-1].lower() if self._before else "") in self._cues.at
        first = self._words[0] in names.first_names()
        family = self._words[-1] in names.family_names()
        large = inhabitants > names.LARGE_CITY or self._after.startswith(",")
        several = len(self._words) > 1
        decisions = (
            (inhabitants and preposition, "LOCATION", LISTED),
            (first and several and family, "PERSON", LISTED),
            (first and several, "PERSON", CUED),
            (inhabitants > 1_000_000 and not first, "LOCATION", LISTED),
            (first, "PERSON", PLAUSIBLE),
            (inhabitants and large, "LOCATION", PLAUSIBLE),
            (family and len(self._words) <= 2 and not preposition, "PERSON", GUESSED),
        )
        return next(((kind, score) for holds, kind, score in decisions if holds), None)


def _found(kind: str, match: re.Match[str], score: float) -> Span:
    return Span(kind, match.group(), match.start(), match.end(), score)
