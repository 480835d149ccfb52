"""Universal parts of speech for English words."""

from __future__ import annotations

from collections.abc import Sequence

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.language import ENGLISH_ONLY, Token
from windfall_local.engines.language.evidence import LISTED, PLAUSIBLE, STRUCTURED
from windfall_local.engines.language.grammar import Tagged, tag_sentences

_UNIVERSAL = {
    **dict.fromkeys(("NN", "NNS"), "NOUN"),
    **dict.fromkeys(("NNP", "NNPS"), "PROPN"),
    **dict.fromkeys(("JJ", "JJR", "JJS"), "ADJ"),
    **dict.fromkeys(("RB", "RBR", "RBS", "WRB"), "ADV"),
    **dict.fromkeys(("VB", "VBD", "VBG", "VBN", "VBP", "VBZ"), "VERB"),
    **dict.fromkeys(("PRP", "PRP$", "WP", "WP$", "EX"), "PRON"),
    **dict.fromkeys(("DT", "PDT", "WDT"), "DET"),
    **dict.fromkeys(("RP", "POS"), "PART"),
    "MD": "AUX", "IN": "ADP", "CC": "CCONJ", "CD": "NUM", "UH": "INTJ", "SYM": "SYM", "FW": "O",
}  # fmt: skip
_SUBORDINATING = frozenset(
    [
        "because",
        "if",
        "although",
        "while",
        "though",
        "unless",
        "whereas",
        "since",
        "whether",
        "until",
    ]
)
_AUXILIARY = frozenset(
    {
        *("be", "am", "is", "are", "was", "were", "been", "being", "'s", "'re", "'ve", "'m", "'d"),
        *("have", "has", "had", "having", "do", "does", "did"),
    }
)


def syntax(text: str, language: str) -> list[Token]:
    """Every word's part of speech.

    Raises:
        UnsupportedFeatureError: Not in this language.
    """
    if language not in ENGLISH_ONLY:
        raise UnsupportedFeatureError(f"The tagger reads English, not {language}.")
    return [
        Token(
            word.piece.text,
            word.piece.begin,
            word.piece.end,
            _part_of_speech(sentence, index),
            _score(word),
        )
        for sentence in tag_sentences(text)
        for index, word in enumerate(sentence)
    ]


def _part_of_speech(sentence: Sequence[Tagged], index: int) -> str:
    word = sentence[index]
    text = word.piece.text.lower().replace("\u2019", "'")
    if not any(character.isalnum() for character in text):
        return "SYM" if text in "$€£¥%+=<>@#°§" else "PUNCT"
    if text in ("n't", "not"):
        return "PART"
    if word.tag == "TO":
        following = sentence[index + 1].tag if index + 1 < len(sentence) else ""
        return "PART" if following.startswith("VB") else "ADP"
    if text in _SUBORDINATING and word.tag == "IN":
        return "SCONJ"
    if text in _AUXILIARY and _verb_follows(sentence, index):
        return "AUX"
    return _UNIVERSAL.get(word.tag, "NOUN" if word.tag.startswith("N") else "O")


def _verb_follows(sentence: Sequence[Tagged], index: int) -> bool:
    for word in sentence[index + 1 : index + 4]:
        if word.tag.startswith("VB"):
            return True
        if not (word.tag.startswith(("RB", "PRP"))):
            return False
    return False


def _score(word: Tagged) -> float:
    if not word.piece.text[0].isalpha():
        return LISTED
    return STRUCTURED if word.known else PLAUSIBLE
