"""Pronunciation lexicons are read, or refused with a reason."""

import pytest

from windfall_local.engines.voice.lexicon import (
    Lexeme,
    LexiconError,
    UnknownAlphabetError,
    parse_lexicon,
)

HEAD = '<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"'
ENTRY = "<lexeme><grapheme>a</grapheme><alias>b</alias></lexeme>"


def test_entries_keep_all_spellings_and_the_first_reading() -> None:
    lexicon = parse_lexicon(
        f'{HEAD} alphabet="x-sampa" xml:lang="en-US"><lexeme><grapheme>a</grapheme>'
        "<grapheme>A</grapheme><phoneme>eI</phoneme><phoneme>@</phoneme></lexeme></lexicon>"
    )
    assert (lexicon.alphabet, lexicon.language) == ("x-sampa", "en-US")
    assert lexicon.lexemes == (Lexeme(("a", "A"), phoneme="eI"),)


def test_an_unknown_alphabet_is_its_own_error() -> None:
    with pytest.raises(UnknownAlphabetError, match="klingon"):
        parse_lexicon(f'{HEAD} alphabet="klingon" xml:lang="en-US">{ENTRY}</lexicon>')


@pytest.mark.parametrize(
    "document",
    [
        "",
        "<lexicon",
        "<html/>",
        f'{HEAD} alphabet="ipa">{ENTRY}</lexicon>',
        f'{HEAD} alphabet="ipa" xml:lang="en-US"></lexicon>',
        f'{HEAD} xml:lang="en"><lexeme><alias>b</alias></lexeme></lexicon>',
        f'{HEAD} xml:lang="en"><lexeme><grapheme>b</grapheme></lexeme></lexicon>',
        '<!DOCTYPE l [<!ENTITY a "b">]><lexicon xml:lang="en"><lexeme>&a;</lexeme></lexicon>',
    ],
)
def test_what_is_no_lexicon_is_refused(document: str) -> None:
    with pytest.raises(LexiconError):
        parse_lexicon(document)
