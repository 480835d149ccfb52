"""Comprehend's answers for chunks, merged: as if the whole text had been one."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import language
from windfall.text.chunks import Chunk, split
from windfall.text.merging import (
    EntityMerger,
    KeyPhraseMerger,
    Merger,
    PiiMerger,
    SentimentMerger,
    SyntaxMerger,
    TargetedSentimentMerger,
    merged_json,
    redacted,
)

WORDS = st.text(alphabet=st.sampled_from("Ab1 .\n\U0001f600é文"), max_size=300)


def merged(merger: Merger, chunks: list[Chunk], answer_of: Any) -> dict[str, Any]:
    answers = ((chunk, answer_of(chunk.text)) for chunk in chunks)
    document: dict[str, Any] = json.loads(b"".join(merged_json(merger, answers)))
    return document


@given(WORDS, st.integers(4, 60))
def test_every_offset_points_at_its_text_in_the_whole(text: str, size: int) -> None:
    chunks = list(split(text, max_bytes=size))
    for merger, answer_of, name in (
        (EntityMerger(), language.entities, "Entities"),
        (KeyPhraseMerger(), language.key_phrases, "KeyPhrases"),
        (SyntaxMerger(), language.syntax, "SyntaxTokens"),
    ):
        for entry in merged(merger, chunks, answer_of)[name]:
            assert text[entry["BeginOffset"] : entry["EndOffset"]] == entry["Text"]
    for entity in merged(TargetedSentimentMerger(), chunks, language.targeted)["Entities"]:
        for mention in entity["Mentions"]:
            assert text[mention["BeginOffset"] : mention["EndOffset"]] == mention["Text"]


@given(st.text(alphabet=st.sampled_from("a1 ."), max_size=200), st.integers(4, 60))
def test_every_digit_is_redacted_however_it_was_cut(text: str, size: int) -> None:
    merger = PiiMerger()
    merged(merger, list(split(text, max_bytes=size)), language.pii)

    clean = "".join(redacted(text, merger.spans))

    assert not any(character.isdigit() for character in clean)
    assert re.sub(r"\[PHONE\]", "", clean) == re.sub(r"\d", "", text)


def test_what_a_cut_inside_a_word_parted_is_joined() -> None:
    chunks = [Chunk("xx 12", 0), Chunk("34 yy", 5)]
    merger = PiiMerger()
    (found,) = merged(merger, chunks, language.pii)["Entities"]
    assert (found["BeginOffset"], found["EndOffset"]) == (3, 7)
    assert merger.summary() == {"count": 1, "types": {"PHONE": 1}}


def test_neighbours_across_white_space_stay_two() -> None:
    chunks = [Chunk("Mary ", 0), Chunk("John", 5)]
    found = merged(EntityMerger(), chunks, language.entities)["Entities"]
    assert [entry["Text"] for entry in found] == ["Mary", "John"]


def test_one_chunk_gives_the_raw_answer() -> None:
    text = "Mary likes John. It is good."
    for merger, answer_of in (
        (EntityMerger(), language.entities),
        (SyntaxMerger(), language.syntax),
        (TargetedSentimentMerger(), language.targeted),
        (SentimentMerger(), language.sentiment),
    ):
        assert merged(merger, [Chunk(text, 0)], answer_of) == answer_of(text)


def test_sentiment_is_weighted_by_length() -> None:
    scores = {"bad": {"Positive": 0.0, "Negative": 1.0, "Neutral": 0.0, "Mixed": 0.0}}
    scores["good"] = {"Positive": 1.0, "Negative": 0.0, "Neutral": 0.0, "Mixed": 0.0}
    chunks = [Chunk("good", 0), Chunk("bad" * 4, 4)]

    def answer_of(text: str) -> dict[str, Any]:
        name = "good" if text == "good" else "bad"
        word = "POSITIVE" if name == "good" else "NEGATIVE"
        return {"Sentiment": word, "SentimentScore": scores[name]}

    answer = merged(SentimentMerger(), chunks, answer_of)

    assert answer["Sentiment"] == "NEGATIVE"
    assert answer["SentimentScore"]["Negative"] == pytest.approx(0.75)
    assert [(one["BeginOffset"], one["EndOffset"]) for one in answer["Chunks"]] == [(0, 4), (4, 16)]


def test_tokens_are_numbered_through() -> None:
    chunks = [Chunk("a b. ", 0), Chunk("c d.", 5)]
    tokens = merged(SyntaxMerger(), chunks, language.syntax)["SyntaxTokens"]
    assert [token["TokenId"] for token in tokens] == [1, 2, 3, 4]


def test_overlapping_spans_are_redacted_as_one() -> None:
    assert "".join(redacted("abcdef", [(1, 3, "NAME"), (2, 5, "URL")])) == "a[NAME]f"
