"""The account book through real boto3: totals are the sum of the entries, once each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from windfall.adapters.dynamodb_spending import DynamoSpending
from windfall.ports.spending import Spent

FIRST = Spent(
    analysis_id="a" * 40,
    attempt=1,
    day="2026-11-23",
    file_id="f" * 40,
    key="a photo.jpg",
    kind="image",
    profile="default",
    cost=0.00575,
    features={"labels": 0.001, "dreams": None},
)


@pytest.fixture
def book(table: Any) -> DynamoSpending:
    return DynamoSpending("insights", table)


def test_entries_add_up_by_day_month_and_profile(book: DynamoSpending) -> None:
    again = replace(FIRST, attempt=2, cost=0.001)
    other = replace(FIRST, analysis_id="b" * 40, day="2026-11-24", cost=0.5)
    dear = replace(FIRST, analysis_id="c" * 40, profile="default-too", cost=9.0)
    for spent in (FIRST, again, other, dear, FIRST, other):
        book.record(spent)
    assert book.total("2026-11-23", "default") == pytest.approx(0.00675)
    assert book.total("2026-11", "default") == pytest.approx(0.50675)
    assert book.total("2026-11", "default-too") == pytest.approx(9.0)
    assert book.total("2026-12", "default") == 0


def test_what_was_kept_is_what_is_read(book: DynamoSpending) -> None:
    book.record(FIRST)
    assert book.entries("2026-11-23") == [FIRST]
    assert book.entries("2026-11-22") == []
