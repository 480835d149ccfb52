"""Which rows are held out: exactly as many as are asked for, the same ones for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from split_table.dividing import (
    DivisionByGroup,
    DivisionByLot,
    divide_by_time,
    parse_moment,
)
from windfall.errors import InvalidInputError

targets = st.lists(st.sampled_from("abc"), min_size=1, max_size=200)
shares = st.floats(0.05, 0.9)


@given(targets, shares, st.integers(0, 2**31 - 1))
def test_of_each_class_the_share_is_held_out_exactly(
    rows: list[str], share: float, seed: int
) -> None:
    counts = Counter(rows)
    division = DivisionByLot(counts, share, seed)
    held = Counter(target for target in rows if division.holds_out(target, ""))
    assert held == {label: n for label in counts if (n := round(counts[label] * share))}


@given(targets, shares, st.integers(0, 2**31 - 1))
def test_without_classes_the_share_of_all_rows_is(rows: list[str], share: float, seed: int) -> None:
    division = DivisionByLot({"": len(rows)}, share, seed)
    assert sum(division.holds_out(target, "") for target in rows) == round(len(rows) * share)


def test_every_row_is_as_likely_as_any_other() -> None:
    taken = Counter[int]()
    for seed in range(2_000):
        division = DivisionByLot({"": 10}, 0.3, seed)
        taken.update(row for row in range(10) if division.holds_out("x", ""))
    # 600 of 2,000 each; five standard deviations are about 100.
    assert all(500 < taken[row] < 700 for row in range(10))


def test_equal_seeds_hold_out_equal_rows() -> None:
    def held(seed: int) -> list[bool]:
        division = DivisionByLot({"": 100}, 0.3, seed)
        return [division.holds_out("x", "") for _ in range(100)]

    assert held(1) == held(1) != held(2)


@given(st.lists(st.text(max_size=3), min_size=1, max_size=60), shares)
def test_a_group_is_never_torn(values: list[str], share: float) -> None:
    division = DivisionByGroup(share, 7)
    sides: dict[str, set[bool]] = {}
    for value in values:
        sides.setdefault(value.strip(), set()).add(division.holds_out("x", value))
    assert all(len(side) == 1 for side in sides.values())


def test_about_the_share_of_the_groups_is_held_out() -> None:
    division = DivisionByGroup(0.3, 7)
    held = sum(division.holds_out("x", f"customer {number}") for number in range(5_000))
    assert 1_300 < held < 1_700


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=100), shares)
def test_what_is_held_out_by_time_is_never_earlier_than_what_is_learnt_from(
    moments: list[int], share: float
) -> None:
    values = [str(moment) for moment in moments]
    try:
        division = divide_by_time(values, share)
    except InvalidInputError:
        return
    held = [moment for moment in moments if division.holds_out("x", str(moment))]
    learnt = [moment for moment in moments if not division.holds_out("x", str(moment))]
    assert held
    assert learnt
    assert max(learnt) < min(held)


def test_of_very_many_times_a_sample_tells_where_to_divide() -> None:
    values = [str(moment) for moment in range(20_000)]
    division = divide_by_time(values, 0.3, most=2_000)
    held = sum(division.holds_out("x", value) for value in values)
    # Of 2,000 the share is known to a hundredth; five standard deviations are five.
    assert 0.25 < held / len(values) < 0.35
    with pytest.raises(InvalidInputError, match="the same, earliest time"):
        divide_by_time(["3"] * 50, 0.3, most=5)


def test_dates_and_numbers_are_moments() -> None:
    assert (
        parse_moment("2026-01-31")
        < parse_moment("2026-02-01T00:00:00Z")
        < parse_moment("2026-02-01T00:00:00-05:00")
    )
    assert parse_moment("1e3") == 1000
    with pytest.raises(InvalidInputError, match="'soon' is neither a number nor a date"):
        parse_moment("soon")


def test_rows_of_one_moment_can_not_be_split_by_time() -> None:
    with pytest.raises(InvalidInputError, match="the same, earliest time"):
        divide_by_time(["3"] * 50, 0.3)
