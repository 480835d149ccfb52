"""Terminology files are read, and terms survive a translation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.services.translate.terminology import (
    TerminologyError,
    parse_terminology,
    protect,
)

TMX = b"""<?xml version="1.0"?><tmx version="1.4"><header srclang="en"/><body>
<tu><tuv xml:lang="es"><seg>casa</seg></tuv><tuv xml:lang="en"><seg>house</seg></tuv></tu>
</body></tmx>"""


def test_each_format_says_the_same() -> None:
    files = {"CSV": b"en,es\nhouse,casa\n", "TSV": b"en\tes\nhouse\tcasa\n", "TMX": TMX}
    for form, content in files.items():
        terminology = parse_terminology(content, form, multi=False)
        assert terminology.languages == ("en", "es")
        assert terminology.pairs("en", "es") == {"house": "casa"}
        assert terminology.pairs("es", "en") == {}


def test_any_language_may_be_the_source_when_it_is_said() -> None:
    terminology = parse_terminology(b"en,es\nhouse,casa\n", "CSV", multi=True)
    assert terminology.pairs("es", "en") == {"casa": "house"}


def test_a_term_of_more_than_200_bytes_is_passed_over() -> None:
    content = f"en,es\n{'é' * 100},a\n{'é' * 100}x,b\n".encode()
    terminology = parse_terminology(content, "CSV", multi=False)
    assert (len(terminology.terms), terminology.skipped) == (1, 1)


def test_a_spreadsheets_byte_order_mark_is_no_part_of_the_language() -> None:
    terminology = parse_terminology(b"\xef\xbb\xbfen,es\na,b\n", "CSV", multi=False)
    assert terminology.languages == ("en", "es")


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"en\nhouse\n", "CSV"),
        (b"house,casa\n", "CSV"),
        (b"one two,three\n", "CSV"),
        (b",".join([b"en", *(b"e" + bytes([97 + n]) for n in range(11))]) + b"\n", "CSV"),
        (b"<tmx", "TMX"),
        (b'<!DOCTYPE t [<!ENTITY a "b">]><tmx>&a;</tmx>', "TMX"),
    ],
)
def test_what_is_no_terminology_is_refused(content: bytes, form: str) -> None:
    with pytest.raises(TerminologyError):
        parse_terminology(content, form, multi=False)


WORDS = st.text("abcQzk ,.", min_size=1, max_size=60)


@given(WORDS, st.dictionaries(st.sampled_from(["a", "b c", "Qzk", "cc"]), st.just("[t]")))
def test_a_text_that_no_engine_changes_has_its_terms_replaced(
    text: str, pairs: dict[str, str]
) -> None:
    protected = protect(text, pairs)
    restored = protected.restore(protected.text)
    for term in pairs:
        assert (term in {source for source, _ in protected.found}) <= ("[t]" in restored)
    if not protected.found:
        assert restored == text


def test_the_longest_term_goes_first_and_case_may_change_on_the_way() -> None:
    protected = protect("New York City", {"New York": "x", "New York City": "Nueva York"})
    assert protected.restore(protected.text.upper()) == "Nueva York"
