"""Numbers and codes, by form, checksum and the words before them."""

# ruff: noqa: E501 - lists of words and patterns read best unbroken
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from windfall_local.engines.language import Span
from windfall_local.engines.language.evidence import CHECKED, CUED, LISTED
from windfall_local.engines.language.personal import checksums

_ALWAYS: Callable[[str], bool] = bool
_NEAR = 45
"""Characters before a number in which a word may tell what it is."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """One kind of number.

    Attributes:
        kind: Its name.
        form: What it looks like; its group `it`, where there is one, is the number.
        holds: Whether the letters and digits of it are one.
        cue: What must stand before it; None when its form is enough.
        score: Strength of the evidence.
    """

    kind: str
    form: re.Pattern[str]
    holds: Callable[[str], bool]
    cue: re.Pattern[str] | None
    score: float


def _rule(
    kind: str,
    form: str,
    cue: str | None = None,
    holds: Callable[[str], bool] = _ALWAYS,
    score: float | None = None,
) -> _Rule:
    found = re.compile(rf"(?<![\w-])(?:{form})(?![\w-])")
    before = re.compile(rf"\b(?:{cue})\b", re.IGNORECASE) if cue else None
    strength = score or (CHECKED if holds is not _ALWAYS else CUED if cue else LISTED)
    return _Rule(kind, found, holds, before, strength)


def _is_card(digits: str) -> bool:
    return digits[0] in "23456" and checksums.luhn(digits)


_RULES = (
    _rule("AWS_ACCESS_KEY", r"(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{16}", score=CHECKED),
    _rule(
        "AWS_SECRET_KEY", r"[A-Za-z0-9/+]{40}", "secret|aws[_ ]secret\\w*|secret[_ ]access[_ ]key"
    ),
    _rule(
        "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}",
        None,
        checksums.iban,
    ),
    _rule("CREDIT_DEBIT_NUMBER", r"\d(?:[ -]?\d){12,18}", None, _is_card),
    _rule(
        "CREDIT_DEBIT_EXPIRY",
        r"(?:0?[1-9]|1[0-2])\s?[/-]\s?(?:20)?\d{2}",
        r"exp(?:\.|iry|ires|iration)?(?: date)?|valid (?:thru|until|through)|good thru|caduca\w*|vence|válida hasta|vencimiento",
    ),
    _rule(
        "CREDIT_DEBIT_CVV",
        r"\d{3,4}",
        r"cvv2?|cvc2?|cvn|card verification \w+|security code|código de seguridad",
    ),
    _rule("PIN", r"\d{4,6}", r"pin(?: code| number)?|personal identification number|código pin"),
    _rule("SSN", r"\d{3}-\d{2}-\d{4}", None, checksums.social_security, LISTED),
    _rule(
        "SSN",
        r"\d{3}[ -]?\d{2}[ -]?\d{4}",
        r"ssn|social security(?: number| no\.?)?",
        checksums.social_security,
    ),
    _rule(
        "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
        r"\d{3}[ -]\d{2}[ -]\d{4}",
        None,
        checksums.taxpayer,
        LISTED,
    ),
    _rule(
        "BANK_ROUTING", r"\d{9}", r"routing(?: number| no\.?)?|aba|rtn|sort code", checksums.routing
    ),
    _rule("BANK_ROUTING", r"\d{2}-\d{2}-\d{2}", r"sort code"),
    _rule(
        "SWIFT_CODE",
        r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?",
        r"swift(?: code)?|bic(?: code)?|código swift",
    ),
    _rule(
        "BANK_ACCOUNT_NUMBER",
        r"\d(?:[ -]?\d){5,16}",
        r"(?:bank |checking |savings )?account(?: number| no\.?| #)?|acct|cuenta(?: bancaria)?|número de cuenta",
    ),
    _rule("PASSPORT_NUMBER", r"[A-Z]{0,3}\d{6,9}[A-Z]?", r"passport(?: number| no\.?)?|pasaporte"),
    _rule(
        "DRIVER_ID",
        r"[A-Z]{0,2}\d{5,13}[A-Z]?|[A-Z]\d{3}-\d{4}-\d{4}",
        r"driver'?s? licen[cs]e(?: number| no\.?)?|driving licen[cs]e|dl(?: number| no\.?)|carnet de conducir|permiso de conducir",
    ),
    _rule(
        "LICENSE_PLATE",
        r"[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,4}",
        r"licen[cs]e plate|plate(?: number| no\.?)?|registration plate|matrícula",
    ),
    _rule("VEHICLE_IDENTIFICATION_NUMBER", r"[A-HJ-NPR-Z0-9]{17}", None, checksums.vehicle),
    _rule(
        "UK_NATIONAL_INSURANCE_NUMBER",
        r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
    ),
    _rule(
        "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
        r"\d{3}[ -]?\d{3}[ -]?\d{4}",
        r"nhs(?: number| no\.?)?",
        checksums.health_service,
    ),
    _rule("UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER", r"\d{5} ?\d{5}", r"utr|unique taxpayer reference"),
    _rule(
        "CA_SOCIAL_INSURANCE_NUMBER",
        r"\d{3}[ -]?\d{3}[ -]?\d{3}",
        r"sin|social insurance(?: number| no\.?)?",
        checksums.luhn,
    ),
    _rule(
        "CA_HEALTH_NUMBER", r"\d{4}[ -]?\d{3}[ -]?\d{3}", r"health (?:card|number|insurance)|ohip"
    ),
    _rule("IN_PERMANENT_ACCOUNT_NUMBER", r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]"),
    _rule("IN_AADHAAR", r"\d{4}[ -]?\d{4}[ -]?\d{4}", r"aadhaar|uidai", checksums.aadhaar),
    _rule("IN_VOTER_NUMBER", r"[A-Z]{3}\d{7}", r"voter(?: id| card| number)?|epic"),
    _rule("IN_NREGA", r"[A-Z]{2}-\d{2}-\d{3}-\d{3}-\d{3}/\d{1,4}"),
    _rule("USERNAME", r"[\w.@-]{2,40}[\w]", r"user ?name|user id|login|usuario"),
    _rule("PASSWORD", r"\S{4,64}[^\s.,;]", r"pass(?:word|phrase|wd)|pwd|contraseña"),
)

_BETWEEN = re.compile(
    r"\s*(?:(?:is|was|number|no\.?|es|:|=|#|-|\"|'|of|date|and|it|on|in|code|ending|am|my|,|\(|\)|número|son|y)\s*)*"
)


def find(text: str) -> Iterator[Span]:
    """Every number and code of the text, what is checked before what is only named."""
    for rule in _RULES:
        for match in rule.form.finditer(text):
            content = (
                re.sub(r"[ -]", "", match.group()) if rule.kind not in _LITERAL else match.group()
            )
            if rule.holds(content) and (rule.cue is None or _cued(text, match.start(), rule.cue)):
                yield Span(rule.kind, match.group(), match.start(), match.end(), rule.score)


_LITERAL = ("USERNAME", "PASSWORD", "AWS_SECRET_KEY")


def _cued(text: str, begin: int, cue: re.Pattern[str]) -> bool:
    """Whether the cue stands before it, with only small words between."""
    start = max(0, begin - _NEAR)
    return any(
        _BETWEEN.fullmatch(text, match.end(), begin) for match in cue.finditer(text, start, begin)
    )
