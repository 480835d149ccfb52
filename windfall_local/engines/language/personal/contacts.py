"""Phones, and addresses of mail, web, machines and streets."""

# ruff: noqa: E501 - lists of words and patterns read best unbroken
from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from windfall_local.engines.language import Span
from windfall_local.engines.language.evidence import CHECKED, CUED, LISTED, STRUCTURED

_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9](?:[\w.+%-]*[A-Za-z0-9_+])?@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24}\b"
)
_URL = re.compile(
    r"\b(?:https?|ftp)://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]|\bwww\.[\w-]+\.[^\s<>\"']*[^\s<>\"'.,;:!?)\]]"
)
_MAC = re.compile(
    r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])"
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:](?![\w:])")

_PHONE_CUE = re.compile(
    r"\b(?:phone|tel|telephone|mobile|cell|call|fax|text|whatsapp|teléfono|móvil|llam\w+|número)\b",
    re.IGNORECASE,
)
_REGIONS = {"en": ("US", "GB"), "es": ("ES", "MX")}

_NAME = r"[A-Z\u00c0-\u00dd][\w\u00c0-\u024f'\u2019-]*"
_STREET = {
    "en": r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|"
    r"Terrace|Parkway|Pkwy|Highway|Hwy|Circle|Row|Close|Crescent",
    "es": r"[Cc]alle|C/|[Aa]venida|[Aa]vda\.?|[Pp]laza|[Pp]aseo|[Cc]arretera|[Cc]amino|[Rr]onda",
}
_ENGLISH_STREET = re.compile(
    rf"(?<!\w)\d{{1,5}}[A-Za-z]?(?:-\d+)?\s+(?:{_NAME}\s+){{1,4}}?(?:{_STREET['en']})\b\.?"
    rf"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Flat|#)\.?\s*\w+)?"
    rf"(?:,\s*{_NAME}(?:\s+{_NAME}){{0,2}})?(?:,\s*{_NAME}(?:\s+{_NAME})?)?"
    r"(?:,?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?|,?\s+[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}|,?\s+\d{5})?"
)
_BOX = re.compile(r"\bP\.?\s?O\.? Box \d+\b")
_SPANISH_STREET = re.compile(
    rf"\b(?:{_STREET['es']})\s+(?:(?:de|del|la|las|los)\s+)*{_NAME}(?:\s+(?:de\s+|del\s+|la\s+)*{_NAME}){{0,3}}"
    r",?\s*(?:n\.?º?\s*|núm(?:ero)?\.?\s*)?\d{1,4}(?:\s*[,-]?\s*\d+\s*[º°ª]\s*\w?)?"
    rf"(?:,?\s+\d{{5}}(?:\s+{_NAME})?|,\s*{_NAME})?"
)


def electronic(text: str) -> Iterator[Span]:
    """Addresses of mail, web and machines."""
    for kind, pattern in (("EMAIL", _EMAIL), ("URL", _URL), ("MAC_ADDRESS", _MAC)):
        yield from (_span(kind, match, CHECKED) for match in pattern.finditer(text))
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            try:
                ipaddress.ip_address(match.group())
            except ValueError:
                continue
            # "::" is an address too, and punctuation in nearly every text.
            if len(match.group()) > 3:
                yield _span("IP_ADDRESS", match, CHECKED)


def streets(text: str, language: str) -> Iterator[Span]:
    """Addresses of houses, as far as they are written in the usual order."""
    patterns = (_ENGLISH_STREET, _BOX) if language == "en" else (_SPANISH_STREET,)
    for pattern in patterns:
        yield from (_span("ADDRESS", match, CUED) for match in pattern.finditer(text))


def phones(text: str, language: str) -> Iterator[Span]:
    """Phone numbers: valid ones, and well-formed ones that a word announces or a plus begins."""
    import phonenumbers  # noqa: PLC0415 - 2.5 MB of numbering plans

    for region in _REGIONS[language]:
        leniency = phonenumbers.Leniency.POSSIBLE
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency):
            valid = phonenumbers.is_valid_number(match.number)
            announced = _PHONE_CUE.search(text, max(0, match.start - 40), match.start)
            international = match.raw_string.startswith("+")
            written = len(re.findall(r"\d", match.raw_string)) >= 9 and re.search(
                r"[ ().-]", match.raw_string
            )
            if announced or international or (valid and written):
                score = LISTED if valid else STRUCTURED
                yield Span("PHONE", match.raw_string, match.start, match.end, score)


def _span(kind: str, match: re.Match[str], score: float) -> Span:
    return Span(kind, match.group(), match.start(), match.end(), score)
