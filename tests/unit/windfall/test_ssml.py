"""Texts as SSML within Polly's limits, and the way back to their bytes."""

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from windfall.speech.ssml import REQUEST, TASK, Limits, pieces

TEXTS = st.text() | st.text(
    alphabet=st.sampled_from("aé文\U0001f600 .!&<>\n\x01\ufffe1"), max_size=400
)


@given(TEXTS, st.integers(1, 200), st.sampled_from([REQUEST, TASK]))
def test_pieces_are_xml_within_both_limits_and_say_everything(
    text: str, times: int, limits: Limits
) -> None:
    whole = text * times
    said = ""
    for piece in pieces(whole, limits):
        spoken = "".join(ET.fromstring(piece.ssml).itertext())
        assert len(re.sub(r"</?(?:speak|p|s)>", "", piece.ssml)) <= piece.billed <= limits.billed
        assert len(piece.ssml) <= limits.total
        said += spoken
    kept = [character for character in whole if character.isalnum()]
    assert [character for character in said if character.isalnum()] == kept


@given(TEXTS)
def test_every_word_leads_back_to_its_bytes(text: str) -> None:
    body = text.encode()
    for piece in pieces(text, REQUEST):
        ssml = piece.ssml.encode()
        for word in re.finditer(rb"<[^>]*>|[^<\s]+", ssml):
            if word[0].startswith(b"<"):
                continue
            start, end = piece.text_range(word.start(), word.end())
            expected = ET.fromstring(b"<x>" + word[0] + b"</x>").text
            assert body[start:end].decode() == expected


def test_sentences_and_paragraphs_are_marked_up() -> None:
    (piece,) = pieces("One. Two & three.\n\nFour.", REQUEST)
    assert piece.ssml == (
        "<speak><p><s>One.</s><s>Two &amp; three.</s></p><p><s>Four.</s></p></speak>"
    )


def test_a_sentence_longer_than_a_request_is_cut_at_spaces() -> None:
    text = "word " * 2_000
    found = list(pieces(text, REQUEST))
    assert len(found) > 3
    assert all(piece.ssml.count("word") == piece.ssml.count("<s>w") * 100 for piece in found)


def test_what_no_voice_can_say_is_left_out() -> None:
    assert list(pieces("*** --- …", REQUEST)) == []
    assert list(pieces("", REQUEST)) == []


def test_a_range_that_begins_at_a_tag_is_that_of_the_words_behind_it() -> None:
    (piece,) = pieces("One. Two.", REQUEST)
    start = piece.ssml.index("Two")
    assert piece.text_range(start, start + 4) == (5, 9)
    assert piece.text_range(0, len(piece.ssml)) == (0, 9)


def test_a_task_takes_what_would_be_many_requests() -> None:
    text = "This is a sentence of a book. " * 3_000
    assert len(list(pieces(text, REQUEST))) == 30
    (piece,) = pieces(text, TASK)
    assert piece.billed <= TASK.billed
    assert len(list(pieces(text * 2, TASK))) == 2
