"""The voices of Polly (its developer guide, "Available voices", as of 2026), and who speaks them.

Voices that were added to the API lately and are not in that table are left out: they are refused
by name rather than guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from windfall_local.engines.voice import Speaker

_TABLE = """
arb       Zeina      F s
ar-AE     Hala       F n   +arb
ar-AE     Zayd       M n   +arb
ca-ES     Arlet      F n
cmn-CN    Zhiyu      F sn
cs-CZ     Jitka      F n
cy-GB     Gwyneth    F s
da-DK     Naja       F s
da-DK     Mads       M s
da-DK     Sofie      F n
de-AT     Hannah     F n
de-CH     Sabrina    F ng
de-DE     Marlene    F s
de-DE     Vicki      F sng
de-DE     Hans       M s
de-DE     Daniel     M ng
de-DE     Lennart    M g
en-AU     Nicole     F s
en-AU     Olivia     F ng
en-AU     Russell    M s
en-GB     Amy        F sng
en-GB     Emma       F sn
en-GB     Brian      M sng
en-GB     Arthur     M n
en-GB-WLS Geraint    M s
en-IE     Niamh      F ng
en-IN     Aditi      F s   +hi-IN
en-IN     Raveena    F s
en-IN     Kajal      F ng  +hi-IN
en-NZ     Aria       F ng
en-SG     Jasmine    F ng
en-US     Danielle   F nlg
en-US     Gregory    M nl
en-US     Ivy        F sn
en-US     Joanna     F sng
en-US     Kendra     F sn
en-US     Kimberly   F sn
en-US     Salli      F sng
en-US     Joey       M sn
en-US     Justin     M sn
en-US     Kevin      M sn
en-US     Matthew    M sng
en-US     Ruth       F nlg
en-US     Stephen    M ng
en-US     Tiffany    F g
en-ZA     Ayanda     F ng
es-ES     Conchita   F s
es-ES     Lucia      F sng
es-ES     Enrique    M s
es-ES     Sergio     M ng
es-MX     Mia        F sng
es-MX     Andres     M ng
es-US     Lupe       F sng
es-US     Penelope   F s
es-US     Miguel     M s
es-US     Pedro      M ng
fi-FI     Suvi       F n
fr-BE     Isabelle   F ng
fr-CA     Chantal    F s
fr-CA     Gabrielle  F ng
fr-CA     Liam       M ng
fr-FR     Celine     F s
fr-FR     Lea        F sng
fr-FR     Ambre      F g
fr-FR     Mathieu    M s
fr-FR     Remi       M ng
fr-FR     Florian    M g
is-IS     Dora       F s
is-IS     Karl       M s
it-IT     Carla      F s
it-IT     Bianca     F sng
it-IT     Beatrice   F g
it-IT     Giorgio    M s
it-IT     Adriano    M n
it-IT     Lorenzo    M g
ja-JP     Mizuki     F s
ja-JP     Takumi     M sn
ja-JP     Kazuha     F n
ja-JP     Tomoko     F n
ko-KR     Seoyeon    F sng
ko-KR     Jihye      F n
nb-NO     Liv        F s
nb-NO     Ida        F n
nl-BE     Lisa       F ng
nl-NL     Laura      F ng
nl-NL     Lotte      F s
nl-NL     Ruben      M s
pl-PL     Ewa        F s
pl-PL     Maja       F s
pl-PL     Ola        F ng
pl-PL     Jacek      M s
pl-PL     Jan        M s
pt-BR     Camila     F sng
pt-BR     Vitoria    F sn
pt-BR     Ricardo    M s
pt-BR     Thiago     M n
pt-PT     Ines       F sn
pt-PT     Cristiano  M s
ro-RO     Carmen     F s
ru-RU     Tatyana    F s
ru-RU     Maxim      M s
sv-SE     Astrid     F s
sv-SE     Elin       F n
tr-TR     Filiz      F s
tr-TR     Burcu      F n
yue-CN    Hiujin     F n
"""

_ENGINES = {"s": "standard", "n": "neural", "l": "long-form", "g": "generative"}

LANGUAGE_NAMES = {
    "arb": "Arabic", "ar-AE": "Gulf Arabic", "ca-ES": "Catalan", "cmn-CN": "Chinese Mandarin",
    "cs-CZ": "Czech", "cy-GB": "Welsh", "da-DK": "Danish", "de-AT": "Austrian German",
    "de-CH": "Swiss Standard German", "de-DE": "German", "en-AU": "Australian English",
    "en-GB": "British English", "en-GB-WLS": "Welsh English", "en-IE": "Irish English",
    "en-IN": "Indian English", "en-NZ": "New Zealand English", "en-SG": "Singaporean English",
    "en-US": "US English", "en-ZA": "South African English", "es-ES": "Castilian Spanish",
    "es-MX": "Mexican Spanish", "es-US": "US Spanish", "fi-FI": "Finnish",
    "fr-BE": "Belgian French", "fr-CA": "Canadian French", "fr-FR": "French", "hi-IN": "Hindi",
    "is-IS": "Icelandic", "it-IT": "Italian", "ja-JP": "Japanese", "ko-KR": "Korean",
    "nb-NO": "Norwegian", "nl-BE": "Belgian Dutch", "nl-NL": "Dutch", "pl-PL": "Polish",
    "pt-BR": "Brazilian Portuguese", "pt-PT": "Portuguese", "ro-RO": "Romanian",
    "ru-RU": "Russian", "sv-SE": "Swedish", "tr-TR": "Turkish", "yue-CN": "Cantonese",
}  # fmt: skip

SPOKEN = {
    "arb": "ar", "ar-AE": "ar", "ca-ES": "ca", "cmn-CN": "cmn", "cs-CZ": "cs", "cy-GB": "cy",
    "da-DK": "da", "de-AT": "de", "de-CH": "de", "de-DE": "de", "en-AU": "en-gb",
    "en-GB": "en-gb", "en-GB-WLS": "en-gb", "en-IE": "en-gb", "en-IN": "en-gb", "en-NZ": "en-gb",
    "en-SG": "en-gb", "en-US": "en-us", "en-ZA": "en-gb", "es-ES": "es", "es-MX": "es-419",
    "es-US": "es-419", "fi-FI": "fi", "fr-BE": "fr-be", "fr-CA": "fr-fr", "fr-FR": "fr-fr",
    "hi-IN": "hi", "is-IS": "is", "it-IT": "it", "ja-JP": "ja", "ko-KR": "ko", "nb-NO": "nb",
    "nl-BE": "nl", "nl-NL": "nl", "pl-PL": "pl", "pt-BR": "pt-br", "pt-PT": "pt", "ro-RO": "ro",
    "ru-RU": "ru", "sv-SE": "sv", "tr-TR": "tr", "yue-CN": "yue",
}  # fmt: skip
"""The synthesiser's language for each of Polly's; some accents are not its own."""

_WRITTEN_NAMES = {
    "Celine": "Céline", "Dora": "Dóra", "Ines": "Inês", "Lea": "Léa", "Penelope": "Penélope",
    "Vitoria": "Vitória", "Andres": "Andrés", "Remi": "Rémi",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice.

    Attributes:
        id: As requests name it.
        language: Its own.
        gender: As the API writes it.
        engines: That it is offered with.
        also: Further languages that it speaks.
        variant: Which of the synthesiser's voices of that gender stands for it.
    """

    id: str
    language: str
    gender: Literal["Female", "Male"]
    engines: tuple[str, ...]
    also: tuple[str, ...]
    variant: int

    @property
    def name(self) -> str:
        """As a person writes it."""
        return _WRITTEN_NAMES.get(self.id, self.id)

    def speaker(self, language: str | None = None) -> Speaker:
        """Who stands for this voice, in one of its languages."""
        return Speaker(
            SPOKEN[language or self.language],
            "female" if self.gender == "Female" else "male",
            self.variant,
        )


def _read() -> dict[str, Voice]:
    voices: dict[str, Voice] = {}
    for line in _TABLE.split("\n"):
        words = line.split()
        if not words:
            continue
        language, name, gender, engines, *also = words
        before = sum(
            voice.language == language and voice.gender[0] == gender for voice in voices.values()
        )
        voices[name] = Voice(
            name,
            language,
            "Female" if gender == "F" else "Male",
            tuple(_ENGINES[letter] for letter in engines),
            tuple(code.lstrip("+") for code in also),
            before,
        )
    return voices


VOICES = _read()
