"""Chunks of a text: nothing lost, nothing over the limit, cut where a reader would cut."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall.text.chunks import is_inside_character, is_sentence_end, sentences, split

ANY_TEXT = st.text() | st.text(
    alphabet=st.sampled_from(
        'a b.!?\n\r\u0301\u200d\U0001f1ea\U0001f1f8\U0001f469한글ᄒ문。、؟ש "”'
    )
)


@given(ANY_TEXT, st.integers(4, 40))
def test_chunks_join_to_the_text_and_keep_the_byte_limit(text: str, limit: int) -> None:
    chunks = list(split(text, max_bytes=limit))

    assert "".join(chunk.text for chunk in chunks) == text
    assert all(0 < len(chunk.text.encode()) <= limit for chunk in chunks)
    assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)


@given(ANY_TEXT, st.integers(1, 12), st.integers(4, 40))
def test_both_limits_hold_together(text: str, characters: int, size: int) -> None:
    for chunk in split(text, max_characters=characters, max_bytes=size):
        assert len(chunk.text) <= characters
        assert len(chunk.text.encode()) <= size


@given(ANY_TEXT, st.integers(4, 40))
def test_a_chunk_ends_inside_a_sentence_only_where_none_ends_in_reach(
    text: str, limit: int
) -> None:
    for chunk in split(text, max_bytes=limit):
        behind = chunk.end
        while behind < len(text) - 1 and text[behind].isspace():
            behind += 1
        if chunk.end == len(text) or is_sentence_end(text, behind):
            continue
        first_word = chunk.start + len(chunk.text) - len(chunk.text.lstrip())
        inside = range(first_word + 1, chunk.end)
        assert not any(is_sentence_end(text, position) for position in inside)


@given(ANY_TEXT, st.integers(4, 40))
def test_a_cut_inside_a_visible_character_is_the_last_resort(text: str, limit: int) -> None:
    for chunk in split(text, max_bytes=limit):
        if chunk.end < len(text) and is_inside_character(text, chunk.end):
            first_word = chunk.start + len(chunk.text) - len(chunk.text.lstrip())
            inside = range(first_word + 1, chunk.end)
            assert all(is_inside_character(text, position) for position in inside)


@given(ANY_TEXT)
def test_sentences_join_to_the_text(text: str) -> None:
    assert "".join(sentence.text for sentence in sentences(text)) == text


@given(st.text(alphabet=st.characters(categories=["Mn"]), min_size=200))
def test_nothing_but_marks_is_still_cut(text: str) -> None:
    assert "".join(chunk.text for chunk in split(text, max_bytes=50)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ("Dr. Roe met J. Smith at 3.15 p.m. today. He left.", 2),
        ("He said “go.” Then he went.", ["He said “go.” ", "Then he went."]),
        ("これは文です。次の文です。", ["これは文です。", "次の文です。"]),
        ("هل أنت بخير؟ نعم.", ["هل أنت بخير؟ ", "نعم."]),
        ("A heading\n\nA paragraph", ["A heading\n\n", "A paragraph"]),
        ("a line\nthat goes on. And", ["a line\nthat goes on. ", "And"]),
        ("wait… what", ["wait… ", "what"]),
        ("यह वाक्य है। दूसरा", ["यह वाक्य है। ", "दूसरा"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str] | int) -> None:
    found = [sentence.text for sentence in sentences(text)]
    assert (len(found) if isinstance(expected, int) else found) == expected


def test_a_chunk_takes_as_many_sentences_as_fit() -> None:
    text = "First one. Second one. Third one."
    assert [chunk.text for chunk in split(text, max_bytes=25)] == [
        "First one. Second one. ",
        "Third one.",
    ]


def test_a_sentence_that_fits_to_the_byte_leaves_its_space_to_the_next_chunk() -> None:
    assert [chunk.text for chunk in split("Abc def. Ghi jkl.", max_bytes=8)] == [
        "Abc def.",
        " Ghi ",
        "jkl.",
    ]


@pytest.mark.parametrize(
    "cluster", ["\u0065\u0301", "\U0001f469\u200d\U0001f4bb", "\U0001f44d\U0001f3fd", "\r\n", "한"]
)
def test_visible_characters_stay_whole(cluster: str) -> None:
    parts = unicodedata.normalize("NFD", cluster) if cluster == "한" else cluster
    text = parts * 20
    for chunk in split(text, max_bytes=len(parts.encode()) + 3):
        assert chunk.start % len(parts) == 0


def test_flags_stay_whole() -> None:
    text = "\U0001f1ea\U0001f1f8\U0001f1eb\U0001f1f7" * 5
    assert all(chunk.start % 2 == 0 for chunk in split(text, max_bytes=12))


def test_a_huge_text_without_spaces_or_sentences_takes_linear_time() -> None:
    chunks = list(split("." * 300_000 + "x" * 300_000 + " " * 300_000, max_bytes=5_000))
    assert sum(len(chunk.text) for chunk in chunks) == 900_000


@pytest.mark.parametrize("limits", [{}, {"max_bytes": 3}, {"max_characters": 0}])
def test_impossible_limits_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="chunk"):
        list(split("text", **limits))
