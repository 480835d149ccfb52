"""Pronunciation lexicons (W3C PLS 1.0): how words are to be read."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

NAMESPACE = "{http://www.w3.org/2005/01/pronunciation-lexicon}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


class LexiconError(Exception):
    """The document is not a lexicon that can be used; says why."""


class UnknownAlphabetError(LexiconError):
    """Its alphabet is neither `ipa` nor `x-sampa`."""


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One entry.

    Attributes:
        graphemes: The spellings it is for.
        alias: What is read instead, or
        phoneme: how it sounds, in the lexicon's alphabet.
    """

    graphemes: tuple[str, ...]
    alias: str | None = None
    phoneme: str | None = None


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A parsed lexicon."""

    alphabet: str
    language: str
    lexemes: tuple[Lexeme, ...]


def parse_lexicon(document: str) -> Lexicon:
    """Read a PLS document.

    Raises:
        UnknownAlphabetError: The alphabet is not known.
        LexiconError: It is no lexicon.
    """
    try:
        # An encoding declaration contradicts a text that is decoded already.
        root = fromstring(document.encode())
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise LexiconError(f"The lexicon is not well-formed XML: {error}") from error
    if root.tag not in (f"{NAMESPACE}lexicon", "lexicon"):
        raise LexiconError(f"The root element is {root.tag}, not lexicon.")
    language = root.get(LANGUAGE)
    if not language:
        raise LexiconError("The lexicon has no xml:lang.")
    alphabet = root.get("alphabet", "ipa")
    if alphabet not in ("ipa", "x-sampa"):
        raise UnknownAlphabetError(f"The alphabet {alphabet} is not supported.")
    lexemes = [_lexeme(item) for item in root if _name(item) == "lexeme"]
    if not lexemes:
        raise LexiconError("The lexicon has no lexeme.")
    return Lexicon(alphabet, language, tuple(lexemes))


def _lexeme(item: Element) -> Lexeme:
    texts: dict[str, list[str]] = {"grapheme": [], "alias": [], "phoneme": []}
    for child in item:
        value = "".join(child.itertext()).strip()
        if _name(child) in texts and value:
            texts[_name(child)].append(value)
    if not texts["grapheme"]:
        raise LexiconError("A lexeme has no grapheme.")
    if not texts["alias"] and not texts["phoneme"]:
        raise LexiconError(f"The lexeme {texts['grapheme'][0]} has neither phoneme nor alias.")
    # Of several pronunciations the first is preferred (PLS 1.0, 4.5).
    if texts["phoneme"]:
        return Lexeme(tuple(texts["grapheme"]), phoneme=texts["phoneme"][0])
    return Lexeme(tuple(texts["grapheme"]), alias=texts["alias"][0])


def _name(item: Element) -> str:
    return str(item.tag).removeprefix(NAMESPACE)
