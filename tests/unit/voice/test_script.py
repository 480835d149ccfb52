"""SSML is taken apart without losing where anything came from."""

# ruff: noqa: RUF001 - phonetic letters look like others
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.engines.voice import InvalidSsmlError, Speaker, SpeechRequest
from windfall_local.engines.voice.lexicon import parse_lexicon
from windfall_local.engines.voice.script import Pause, Script, Spoken, write_script
from windfall_local.engines.voice.ssml import Characters, parse_ssml

SPEAKER = Speaker("en-us", "female")


def script_of(text: str, *, ssml: bool = True, **options: object) -> Script:
    return write_script(SpeechRequest(text, ssml, SPEAKER, **options))  # type: ignore[arg-type]


def markup_of(text: str, *, ssml: bool = True, **options: object) -> str:
    parts = script_of(text, ssml=ssml, **options).parts
    return "|".join(part.markup for part in parts if isinstance(part, Spoken))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_every_spoken_character_of_a_plain_text_knows_its_bytes(text: str) -> None:
    content = text.encode()
    written = script_of(text, ssml=False).written
    pieces = [content[span[0] : span[1]].decode() for item in written if item for span in [item[1]]]
    assert "".join(pieces) == text


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "<p>", "<s>", '<mark name="é"/>', "&amp;", "<!-- c -->"]),
            st.text(st.characters(exclude_characters="<&>\r", exclude_categories=["Cs", "Cc"])),
        )
    )
)
def test_every_character_of_an_ssml_document_knows_its_bytes(items: list[tuple[str, str]]) -> None:
    closing = {"<p>": "</p>", "<s>": "</s>"}
    body = "".join(f"{tag}{text}{closing.get(tag, '')}" for tag, text in items)
    content = f"<speak>{body}</speak>".encode()
    for token in parse_ssml(content.decode()):
        for index, character in enumerate(token.text if isinstance(token, Characters) else ""):
            assert isinstance(token, Characters)
            begin, end = token.spans[index]
            assert content[begin:end].decode() in (character, "&amp;")


def test_reserved_characters_of_a_plain_text_are_text() -> None:
    assert markup_of("a < b & [[c", ssml=False) == "a &lt; b &amp;   c"


def test_a_break_parts_what_is_spoken() -> None:
    parts = script_of('<speak>one<break time="1.5s"/>two</speak>').parts
    assert [p.milliseconds if isinstance(p, Pause) else p.markup for p in parts] == [
        "one",
        1500,
        "two",
    ]


def test_prosody_goes_on_behind_a_break() -> None:
    text = '<speak><prosody rate="slow">one<break/>two</prosody></speak>'
    tag = '<prosody rate="75%">'
    assert markup_of(text) == f"{tag}one</prosody>|{tag}two</prosody>"


@pytest.mark.parametrize(
    ("markup", "spoken"),
    [
        ('<sub alias="World Wide">WW</sub>', "World Wide"),
        ('<say-as interpret-as="characters">ab c</say-as>', "a b c"),
        ('<say-as interpret-as="ordinal">22</say-as>', "22nd"),
        ('<say-as interpret-as="ordinal">112</say-as>', "112th"),
        ('<say-as interpret-as="date" format="dmy">01-02-2025</say-as>', "February 1st 2025"),
        ('<say-as interpret-as="date">20250203</say-as>', "February 3rd 2025"),
        ('<say-as interpret-as="telephone">555-01</say-as>', "5 5 5, 0 1"),
        ('<say-as interpret-as="time">1\'21"</say-as>', "1 minute 21 seconds"),
        ('<say-as interpret-as="unit">5kg</say-as>', "5kg"),
        ('<phoneme alphabet="ipa" ph="pɪˈkɑːn">pecan</phoneme>', "[[pI'kA:n]]"),
        ('<phoneme alphabet="x-sampa" ph="pI&quot;kA:n">pecan</phoneme>', "[[pI'kA:n]]"),
        ('<phoneme alphabet="ipa" ph="☃">pecan</phoneme>', "pecan"),
        ('<w role="amazon:VB">read</w>', "read"),
    ],
)
def test_what_the_synthesiser_ignores_is_spelled_out(markup: str, spoken: str) -> None:
    assert markup_of(f"<speak>{markup}</speak>") == spoken


def test_another_language_is_spoken_by_its_own_voice() -> None:
    parts = script_of(
        '<speak>a<lang xml:lang="es-ES">b</lang>c</speak>', languages={"es-ES": "es"}
    ).parts
    assert [(p.markup, p.language) for p in parts if isinstance(p, Spoken)] == [
        ("a", None),
        ("b", "es"),
        ("c", None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<speak>one",
        "one",
        "<speech>one</speech>",
        "<speak><audio src='x'/></speak>",
        "<speak><voice name='x'>a</voice></speak>",
        "<speak><break time='11s'/></speak>",
        "<speak><break time='soon'/></speak>",
        "<speak><break strength='huge'/></speak>",
        "<speak><prosody rate='10%'>a</prosody></speak>",
        "<speak><prosody pitch='up'>a</prosody></speak>",
        "<speak><prosody volume='11'>a</prosody></speak>",
        "<speak><emphasis level='very'>a</emphasis></speak>",
        "<speak><mark/></speak>",
        "<speak><sub>a</sub></speak>",
        "<speak><sub alias='b'><p>a</p></sub></speak>",
        "<speak><say-as interpret-as='song'>a</say-as></speak>",
        "<speak><say-as interpret-as='date' format='xyz'>a</say-as></speak>",
        "<speak><lang xml:lang='tlh'>a</lang></speak>",
        '<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>',
    ],
)
def test_what_is_no_ssml_is_refused(text: str) -> None:
    with pytest.raises(InvalidSsmlError):
        script_of(text)


def test_what_a_voice_does_not_take_is_refused_by_name() -> None:
    text = '<speak><amazon:effect name="whispered">a</amazon:effect></speak>'
    assert markup_of(text) == "a"
    with pytest.raises(InvalidSsmlError, match="amazon:effect whispered"):
        script_of(text, refused=frozenset(["amazon:effect whispered"]))


LEXICON = """<?xml version="1.0" encoding="UTF-8"?>
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa"
  xml:lang="en-US">
  <lexeme><grapheme>W3C</grapheme><alias>World Wide Web Consortium</alias></lexeme>
  <lexeme><grapheme>W3</grapheme><alias>wrong</alias></lexeme>
  <lexeme><grapheme>pecan</grapheme><phoneme>pɪˈkɑːn</phoneme></lexeme>
</lexicon>"""


def test_a_lexicon_replaces_whole_words_only() -> None:
    lexicon = parse_lexicon(LEXICON)
    spoken = markup_of("The W3C, XW3C, pecan pecans", ssml=False, lexicons=[lexicon])
    assert spoken == "The World Wide Web Consortium, XW3C, [[pI'kA:n]] pecans"
