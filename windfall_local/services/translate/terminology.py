"""Custom terms: read from CSV, TSV or TMX, and applied to a text around its translation."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

LONGEST_TERM = 200
"""Bytes of UTF-8 (quotas); longer terms are passed over, as AWS does."""

MOST_TARGETS = 10

_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


class TerminologyError(ValueError):
    """The file is no terminology; says why."""


@dataclass(frozen=True, slots=True)
class Terminology:
    """Custom terms.

    Attributes:
        languages: The source language first.
        terms: For each, its words by language.
        skipped: How many terms were too long to be kept.
        multi: Whether any of the languages may be the source.
    """

    languages: tuple[str, ...]
    terms: tuple[dict[str, str], ...]
    skipped: int
    multi: bool

    def pairs(self, source: str, target: str) -> dict[str, str]:
        """The terms from one language to another; none when it is not for these."""
        if source != self.languages[0] and not self.multi:
            return {}
        return {
            term[source]: term[target] for term in self.terms if source in term and target in term
        }


def parse_terminology(content: bytes, form: str, *, multi: bool) -> Terminology:
    """Read a terminology file.

    Args:
        content: The file.
        form: `CSV`, `TSV` or `TMX`.
        multi: Whether any of its languages may be the source.

    Raises:
        TerminologyError: It is none.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TerminologyError(f"The file is not UTF-8: {error}") from error
    rows = list(_read_units(text) if form == "TMX" else _read_rows(text, form))
    languages = tuple(dict.fromkeys(language for row in rows for language in row))
    if len(languages) < 2:
        raise TerminologyError("The file needs a source and at least one target language.")
    if len(languages) > MOST_TARGETS + 1:
        raise TerminologyError(f"The file has more than {MOST_TARGETS} target languages.")
    kept = tuple(row for row in rows if all(_fits(word) for word in row.values()))
    return Terminology(languages, kept, len(rows) - len(kept), multi)


def _fits(word: str) -> bool:
    return len(word.encode()) <= LONGEST_TERM


def _read_rows(text: str, form: str) -> Iterator[dict[str, str]]:
    reader = csv.reader(io.StringIO(text), delimiter="\t" if form == "TSV" else ",")
    try:
        header = [name.strip() for name in next(reader)]
        language = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?")
        if not header or not all(map(language.fullmatch, header)):
            raise TerminologyError(f"The first line is not a list of language codes: {header}")
        for row in reader:
            words = {lang: word.strip() for lang, word in zip(header, row, strict=False)}
            if words.get(header[0]):
                yield {language: word for language, word in words.items() if word}
    except StopIteration as error:
        raise TerminologyError("The file is empty.") from error
    except csv.Error as error:
        raise TerminologyError(f"The file is no {form}: {error}") from error


def _read_units(text: str) -> Iterator[dict[str, str]]:
    try:
        root = fromstring(text.encode())
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise TerminologyError(f"The file is no TMX: {error}") from error
    header = root.find("header")
    source = (header.get("srclang") if header is not None else "") or ""
    for unit in root.iter("tu"):
        words = {}
        for variant in unit.iter("tuv"):
            language = variant.get(_XML_LANGUAGE) or variant.get("lang") or ""
            segment = variant.find("seg")
            word = "".join(segment.itertext()).strip() if segment is not None else ""
            if language and word:
                words[language] = word
        if source in words:
            words = {source: words.pop(source), **words}
        yield words


@dataclass(frozen=True, slots=True)
class ProtectedText:
    """A text whose terms were put aside.

    Attributes:
        text: With a made-up word in place of each term, which no dictionary has.
        readings: What each made-up word stands for in the target language.
        found: The terms that were in the text, in its order.
    """

    text: str
    readings: dict[str, str]
    found: list[tuple[str, str]]

    def restore(self, translated: str) -> str:
        """A translation with the terms back in place."""
        if not self.readings:
            return translated
        readings = {word.lower(): reading for word, reading in self.readings.items()}
        words = re.compile("|".join(readings), re.IGNORECASE)
        # A sentence's first word may have been given a capital, or lost it.
        return words.sub(lambda match: readings[match.group().lower()], translated)


def protect(text: str, pairs: dict[str, str]) -> ProtectedText:
    """Put aside the terms of a text; spelling and case must match, whole words only."""
    if not pairs:
        return ProtectedText(text, {}, [])
    stem = _unused_word(text)
    readings: dict[str, str] = {}
    found: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        term = match.group()
        found[term] = pairs[term]
        word = f"{stem}{_letters(len(readings))}x"
        readings[word] = pairs[term]
        return word

    choice = "|".join(map(re.escape, sorted(pairs, key=len, reverse=True)))
    protected = re.sub(rf"(?<!\w)(?:{choice})(?!\w)", replace, text)
    return ProtectedText(protected, readings, list(found.items()))


def _unused_word(text: str) -> str:
    """The beginning of words that the text does not have; letters only, so it stays one word."""
    stem = "Qzk"
    while stem.lower() in text.lower():
        stem += "q"
    return stem


def _letters(number: int) -> str:
    # Of one length below 676, so that no word is the beginning of another.
    return (
        chr(97 + number // 26 % 26) + chr(97 + number % 26)
        if number < 676
        else (_letters(number // 676) + "y" + _letters(number % 676))
    )


def applied(name: str, found: Sequence[tuple[str, str]]) -> dict[str, object]:
    """How the API tells which terms were used."""
    terms = [{"SourceText": source, "TargetText": target} for source, target in found]
    return {"Name": name, "Terms": terms}
