"""Text survives the trip into Apertium's stream format and back."""

from hypothesis import given
from hypothesis import strategies as st

from windfall_local.engines.translation import stream

# Surrogates and noncharacters (Cn) are no text.
PLAIN = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cn"]))


@given(PLAIN)
def test_a_text_that_no_stage_changes_comes_back_as_it_was(text: str) -> None:
    assert stream.decode(stream.encode(text)) == text


@given(PLAIN)
def test_splitting_loses_nothing(text: str) -> None:
    assert "".join(body + gap for body, gap in stream.split(text)) == text


@given(st.text("ab .\n", min_size=stream.LONGEST, max_size=3 * stream.LONGEST))
def test_no_part_is_longer_than_a_pipe_can_hold(text: str) -> None:
    assert max(len(body) for body, _ in stream.split(text)) <= stream.LONGEST


def test_a_long_paragraph_is_cut_after_a_sentence() -> None:
    sentence = "This is a sentence of some length. "
    bodies = [body for body, _ in stream.split(sentence * 300)]
    assert len(bodies) > 1
    assert all(body.endswith(".") for body in bodies)


def test_a_zero_byte_in_a_text_cannot_end_a_request_early() -> None:
    assert b"\0" not in stream.encode("one\0two")


def test_the_double_blank_that_a_dropped_word_leaves_is_closed() -> None:
    assert stream.decode(b"one  two[  ]three[][\n]") == "one two  three"
