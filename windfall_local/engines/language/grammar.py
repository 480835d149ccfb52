"""English words' parts of speech and noun chunks, by TextBlob's bundled tagger."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from windfall_local.engines.language.segments import Piece, sentences, words


@dataclass(frozen=True, slots=True)
class Tagged:
    """A word with its tag.

    Attributes:
        piece: The word and its place.
        tag: Of the Penn Treebank.
        chunk: `B-NP`, `I-NP`, …: what phrase it begins or goes on; `O` for none.
        known: Whether the tagger's lexicon has it.
    """

    piece: Piece
    tag: str
    chunk: str
    known: bool


def tag_sentences(text: str) -> list[list[Tagged]]:
    """Every sentence of an English text, tagged."""
    return [tag_words(words(sentence)) for sentence in sentences(text)]


def tag_words(pieces: Sequence[Piece]) -> list[Tagged]:
    """One sentence, tagged."""
    if not pieces:
        return []
    parser = _parser()
    # The tagger takes "/" for its own separator.
    tokens = [piece.text.replace("/", "-") for piece in pieces]
    chunked = parser.find_chunks(parser.find_tags(tokens))
    return [
        Tagged(piece, found[1], found[2], is_word(piece.text))
        for piece, found in zip(pieces, chunked, strict=True)
    ]


def is_word(text: str) -> bool:
    """Whether the tagger's lexicon has a word, as it is or in lower case."""
    lexicon = _parser().lexicon
    return text in lexicon or text.lower() in lexicon


def is_common_word(text: str) -> bool:
    """Whether a word is in the lexicon in lower case and not as a name."""
    tag = _parser().lexicon.get(text.lower())
    return tag is not None and not str(tag).startswith("NNP")


def known_entities() -> dict[str, str]:
    """Names that the tagger carries, in lower case, with `PERS`, `LOC`, `ORG` or nothing."""
    from pathlib import Path  # noqa: PLC0415

    import textblob.en  # noqa: PLC0415

    names = {}
    for line in (Path(textblob.en.__file__).parent / "en-entities.txt").read_text().splitlines():
        name, _, kind = line.rpartition(" ")
        if kind in ("PERS", "LOC", "ORG") and not line.startswith(";"):
            names[name.lower()] = kind
    return names


@lru_cache(1)
def _parser() -> Any:
    from textblob.en import parser  # noqa: PLC0415 - 1.5 s and 140 MB

    with warnings.catch_warnings():
        # TextBlob leaves the files that it reads for the garbage collector to close.
        warnings.simplefilter("ignore", ResourceWarning)
        parser.find_chunks(parser.find_tags(["Lists", "load", "at", "the", "first", "look"]))
    return parser
