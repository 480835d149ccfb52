"""Noun phrases of English texts, from the tagger's chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.language import ENGLISH_ONLY, Span
from windfall_local.engines.language.evidence import LISTED, STRUCTURED
from windfall_local.engines.language.grammar import Tagged, tag_sentences

_INSIDE = (
    "DT",
    "PDT",
    "PRP$",
    "JJ",
    "JJR",
    "JJS",
    "CD",
    "NN",
    "NNS",
    "NNP",
    "NNPS",
    "POS",
    "$",
    "VBG",
)
_LEADING = frozenset(["which", "that", "what", "this", "these", "those", "there", "such"])


def key_phrases(text: str, language: str) -> list[Span]:
    """What a text speaks of, in its order.

    Raises:
        UnsupportedFeatureError: Not in this language.
    """
    if language not in ENGLISH_ONLY:
        raise UnsupportedFeatureError(f"The chunker reads English, not {language}.")
    return [
        _span(text, phrase)
        for sentence in tag_sentences(text)
        for chunk in _chunks(sentence)
        if (phrase := _clean(chunk))
    ]


def _chunks(sentence: Sequence[Tagged]) -> Iterator[list[Tagged]]:
    """Runs of words that noun phrases are made of; a number beside a name belongs to it."""
    run: list[Tagged] = []
    for word in sentence:
        begins = word.tag in ("DT", "PDT", "PRP$") and any(w.tag not in ("DT", "PDT") for w in run)
        fits = word.tag in _INSIDE and any(
            c.isalnum() or c in "$€£%'\u2019&-" for c in word.piece.text
        )
        if run and (begins or not fits):
            yield run
            run = []
        if fits:
            run.append(word)
    if run:
        yield run


def _clean(chunk: list[Tagged]) -> list[Tagged]:
    """A chunk without what stands around its noun; nothing when it has none."""
    while chunk and (chunk[0].piece.text.lower() in _LEADING or chunk[0].tag in ("POS", "VBG")):
        chunk = chunk[1:]
    while chunk and not chunk[-1].tag.startswith("NN"):
        chunk = chunk[:-1]
    return chunk


def _span(text: str, phrase: Sequence[Tagged]) -> Span:
    begin, end = phrase[0].piece.begin, phrase[-1].piece.end
    score = LISTED if all(word.known for word in phrase) else STRUCTURED
    return Span("", text[begin:end], begin, end, score)
