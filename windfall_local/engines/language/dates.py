"""Dates and quantities, by their form, in the languages that entities are found in."""

# ruff: noqa: E501 - lists of words and patterns read best unbroken
from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from windfall_local.engines.language import Span
from windfall_local.engines.language.evidence import CUED, STRUCTURED

_MONTHS = {
    "en": "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre "
    "noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_RELATIVE = {
    "en": r"today|tonight|yesterday|tomorrow|(?:next|last|this|coming|past|previous|following) "
    r"(?:spring|summer|autumn|fall|winter|year|month|week|weekend|night|quarter|decade|century"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|(?:the )?(?:19|20)\d0s|christmas|easter|new year's (?:eve|day)",
    "es": r"hoy|ayer|anteayer|mañana por la (?:mañana|tarde|noche)|anoche|"
    r"(?:el|la) (?:próxim[oa]|pasad[oa]) (?:año|mes|semana|primavera|verano|otoño|invierno)"
    r"|(?:el año|el mes|la semana|el verano|el invierno|la primavera|el otoño)"
    r" (?:que viene|pasad[oa]|próxim[oa])|(?:este|esta) (?:año|mes|semana|verano|noche)"
    r"|(?:el |los )?(?:lunes|martes|miércoles|jueves|viernes|sábados?|domingos?)|navidad",
    "fr": r"aujourd['\u2019]hui|hier|demain|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
    r"|(?:l['\u2019]année|la semaine|le mois|l['\u2019]été|l['\u2019]hiver) (?:dernière?|prochaine?)",
    "it": r"oggi|ieri|domani|(?:lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica)"
    r"|(?:l['\u2019]anno|la settimana|il mese) (?:scors[oa]|prossim[oa])",
    "pt": r"hoje|ontem|amanhã|(?:segunda|terça|quarta|quinta|sexta)-feira|sábado|domingo"
    r"|(?:o ano|a semana|o mês) (?:passad[oa]|que vem)",
}
_OF = {"en": r"(?:\s+of)?", "es": r"\s+del?", "fr": "", "it": "", "pt": r"\s+de"}
_IN = {"en": "in", "es": "en", "fr": "en", "it": "nel", "pt": "em"}
_RANGE = {"en": "to|and|until", "es": "al?|y|hasta", "fr": "au|et", "it": "al|e", "pt": "a|e"}

_CURRENCY = (
    r"euros?|dollars?|pounds?|dólares|dólar|libras?|pesos?|yen|reais|real|cents?|céntimos?"
    r"|centimes?|livres?|sterline|dollari|EUR|USD|GBP|CHF"
)
_UNIT = (
    r"%|per ?cent|por ciento|km|kilomet(?:er|re)s?|kilómetros?|met(?:er|re)s?|metros?|m²|cm|mm|"
    r"miles?|millas?|feet|foot|inch(?:es)?|kg|kilos?|kilograms?|grams?|gramos?|g|lbs?|tons?|"
    r"toneladas?|lit(?:er|re)s?|litros?|ml|GB|MB|KB|TB|bytes?|°C|°F|degrees?|grados?|mph|km/h|"
    r"years?|months?|weeks?|days?|hours?|minutes?|seconds?|mornings?|nights?|evenings?|times?|"
    r"años?|mes(?:es)?|semanas?|días?|horas?|minutos?|segundos?|noches?|veces|vez|"
    r"ans?|années?|mois|semaines?|jours?|heures?|fois|anni|anno|mesi|mese|settiman[ae]|giorn[oi]|"
    r"or[ae]|volt[ae]|anos?|meses|mês|dias?|vezes"
)
_COUNT = {
    "en": "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
    "fifty|hundred|a hundred|thousand|a thousand|several hundred|half a|a few|a couple of|"
    "a dozen|dozens of|hundreds of|thousands of|millions of",
    "es": "un|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta|"
    "cien|mil|media|medio|varios|varias",
    "fr": "une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|vingt|cent|mille",
    "it": "un[ao]?|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|venti|cento|mille",
    "pt": "uma?|dois|duas|três|quatro|cinco|seis|sete|oito|nove|dez|vinte|cem|mil",
}
_NUMBER = r"\d{1,3}(?:[.,\u00a0 ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?"


def dates(text: str, language: str) -> list[Span]:
    """What is a date, a time of the year or a day."""
    return [
        Span("DATE", match.group(), match.start(), match.end(), STRUCTURED)
        for match in _date_pattern(language).finditer(text)
        if _is_date(match.group())
    ]


def quantities(text: str, language: str) -> list[Span]:
    """Numbers with what they count or measure."""
    return [
        Span("QUANTITY", match.group(), match.start(), match.end(), score)
        for score, pattern in _quantity_patterns(language)
        for match in pattern.finditer(text)
    ]


def _is_date(found: str) -> bool:
    # "May" and "March" alone are more often words than months.
    return found.lower() not in ("may", "march", "mar", "sun", "mars", "jan")


@lru_cache
def _date_pattern(language: str) -> re.Pattern[str]:
    month = "(?:" + "|".join(sorted(_MONTHS[language].split(), key=len, reverse=True)) + r")\b\.?"
    day = r"\d{1,2}(?:st|nd|rd|th|er|º|°)?"
    span = rf"{day}(?:\s*(?:-|\u2013|{_RANGE[language]})\s*(?:the\s+)?{day})?"
    year = r"(?:1[0-9]|20)\d\d"
    of = _OF[language]
    forms = [
        r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?Z?)?",
        r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})",
        rf"{span}{of}\s+{month}(?:(?:{of},?\s+|,?\s+){year})?",
        rf"{month}\s+{span}(?:,?\s+{year})?",
        rf"{month}(?:{of}\s+|\s+){year}",
        rf"(?:spring|summer|autumn|fall|winter|Q[1-4])\s+(?:of\s+)?{year}",
        _RELATIVE[language],
        rf"(?<=\b{_IN[language]}\s){year}",
        # Capital letters alone tell the month from the verb.
        rf"(?-i:{_capital_months(language)})",
    ]
    return re.compile(rf"(?<![\w.])(?:{'|'.join(forms)})(?![\w])", re.IGNORECASE)


def _capital_months(language: str) -> str:
    if language != "en":
        return "(?:" + "|".join(_MONTHS[language].split()) + ")"
    return "(?:" + "|".join(m.capitalize() for m in _MONTHS["en"].split() if len(m) > 4) + ")"


@lru_cache
def _quantity_patterns(language: str) -> list[tuple[float, re.Pattern[str]]]:
    count = rf"(?:{_NUMBER}|(?:{_COUNT[language]})(?=\s))(?:\s+(?:million|billion|millones|mil|thousand))?"
    money = rf"[$€£¥]\s?(?:{_NUMBER})(?:\s+(?:million|billion|millones))?|(?:{_NUMBER})\s?[$€£¥]"
    measured = rf"(?:(?:about|over|around|more than|más de|unos)\s+)?{count}\s?(?:{_CURRENCY}|{_UNIT})(?!\w)"
    return [
        (STRUCTURED, re.compile(rf"(?<![\w$€£])(?:{money}|{measured})", re.IGNORECASE)),
        (CUED, re.compile(rf"(?<![\w.,:/-])(?:{_NUMBER})(?![\w.,:/-]*\d)\s+[^\W\d_]{{3,}}s\b")),
        (CUED, re.compile(rf"\b(?:{_COUNT[language]})\s+[^\W\d_]{{3,}}s\b", re.IGNORECASE)),
    ]


def first_of_each(spans: list[Span]) -> Iterator[Span]:
    """The spans in order of place; of those that overlap, the earlier in the list."""
    taken: list[tuple[int, int]] = []
    kept = []
    for span in spans:
        if all(span.end <= begin or span.begin >= end for begin, end in taken):
            taken.append((span.begin, span.end))
            kept.append(span)
    yield from sorted(kept, key=lambda span: span.begin)
