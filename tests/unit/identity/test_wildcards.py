"""Wildcards, against the plainest possible matcher."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windfall_local.identity.wildcards import arn_matches, matches

texts = st.text("ab:/.[", max_size=10)


def plainly_matches(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(plainly_matches(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and plainly_matches(pattern[1:], text[1:])


@given(pattern=st.text("ab:/.[*?", max_size=8), text=texts)
def test_it_matches_what_the_plain_matcher_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text) is plainly_matches(pattern, text)


@given(text=st.text(max_size=20))
def test_a_star_matches_everything_and_a_text_itself(text: str) -> None:
    assert matches("*", text)
    assert matches("*" * 5, text)
    if "*" not in text and "?" not in text:
        assert matches(text, text)


@given(text=texts, start=st.integers(0, 10), end=st.integers(0, 10))
def test_a_star_stands_for_any_part(text: str, start: int, end: int) -> None:
    start, end = sorted((min(start, len(text)), min(end, len(text))))

    assert matches(f"{text[:start]}*{text[end:]}", text)


def test_case_counts_unless_it_is_told_not_to() -> None:
    assert not matches("s3:get*", "s3:GetObject")
    assert matches("s3:get*", "s3:GetObject", ignore_case=True)
    assert matches("S3:GETOBJECT", "s3:GetObject", ignore_case=True)


def test_many_stars_do_not_take_forever() -> None:
    assert not matches("*a" * 12 + "b", "a" * 60)


def test_a_part_of_an_arn_does_not_reach_over_a_colon() -> None:
    arn = "arn:aws:sqs:us-east-1:000000000000:queue"

    assert arn_matches("arn:aws:sqs:*:*:que*", arn)
    assert not arn_matches("arn:aws:*:queue", arn)
    assert arn_matches("*", arn)
