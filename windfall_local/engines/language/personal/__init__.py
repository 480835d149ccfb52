"""Personal data in a text.

checksums  Luhn, IBAN, Verhoeff and the like: a number is one, or is not
patterns   numbers and codes, by form, checksum and the words before them
contacts   phones, addresses of mail, web and street
people     names, ages, dates
"""

from __future__ import annotations

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.language import PERSONAL_LANGUAGES, Span
from windfall_local.engines.language.dates import first_of_each
from windfall_local.engines.language.personal import contacts, patterns, people


def personal_data(text: str, language: str) -> list[Span]:
    """What in a text is personal, in its order and without overlaps.

    Raises:
        UnsupportedFeatureError: Not in this language.
    """
    if language not in PERSONAL_LANGUAGES:
        raise UnsupportedFeatureError(
            f"Personal data is found in {', '.join(PERSONAL_LANGUAGES)}, not in {language}."
        )
    # Where two overlap the earlier here is kept: what is checked goes before what is guessed.
    return list(
        first_of_each(
            [
                *contacts.electronic(text),
                *patterns.find(text),
                *contacts.streets(text, language),
                *contacts.phones(text, language),
                *people.find(text, language),
            ]
        )
    )
