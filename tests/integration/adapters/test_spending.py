"""The account book through real boto3: totals are the sum of the entries, once each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from windfall.adapters.dynamodb_spending import DynamoSpending, reservation_changes
from windfall.adapters.dynamodb_transactions import transact
from windfall.errors import ConflictError
from windfall.ports.spending import Reservation, Room, Spent, Standing

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


def reservation(cents: str, most: str | None) -> Reservation:
    limit = None if most is None else Decimal(most)
    rooms = [Room("2026-11-23", limit), Room("2026-11", None)]
    return Reservation("default", Decimal(cents), rooms)


def reserve(client: Any, wanted: Reservation) -> None:
    transact(client, reservation_changes("insights", wanted), pause=lambda _: None)


def test_what_is_set_aside_is_given_back_for_what_it_cost(book: DynamoSpending, table: Any) -> None:
    reserve(table, reservation("0.01", "0"))
    assert book.standing("2026-11-23", "default") == Standing(Decimal("0.01"), Decimal(0), True)
    for _ in range(2):  # a record that is repeated settles once
        book.record(replace(FIRST, reserved=0.01))
    for period in ("2026-11-23", "2026-11"):
        standing = book.standing(period, "default")
        assert standing == Standing(Decimal("0.00575"), Decimal(0), True)
    book.record(replace(FIRST, analysis_id="d" * 40, cost=0.1))
    assert book.standing("2026-11-23", "default").other == Decimal("0.1")
    assert book.entries("2026-11-23")[0].reserved == 0.01


def test_only_so_much_is_set_aside_as_there_is_room_for(book: DynamoSpending, table: Any) -> None:
    for _ in range(3):
        reserve(table, reservation("0.1", "0.2"))
    with pytest.raises(ConflictError):
        reserve(table, reservation("0.1", "0.2"))
    with pytest.raises(ConflictError):
        reserve(table, reservation("0.1", "-0.1"))
    reserve(table, reservation("5", None))
    assert book.standing("2026-11-23", "default").committed == Decimal("5.3")


def test_who_meets_another_transaction_waits_and_tries_again() -> None:
    refused = [{"Code": "None"}, {"Code": "TransactionConflict"}]
    answers = [refused, refused, None]
    pauses: list[float] = []

    class Crowded:
        """A table whose rows somebody else is writing."""

        def transact_write_items(self, **_: Any) -> None:
            reasons = answers.pop(0)
            if reasons is not None:
                error = {"Error": {"Code": "TransactionCanceledException", "Message": "Crowded"}}
                raise ClientError({**error, "CancellationReasons": reasons}, "TransactWriteItems")

    transact(Crowded(), [], pauses.append)
    assert answers == []
    assert len(pauses) == 2


def test_an_attempt_that_went_on_to_pay_counts_for_what_it_cost_in_all(
    book: DynamoSpending, table: Any
) -> None:
    reserve(table, reservation("0.01", None))
    for cost in (0.001, 0.004, 0.004, 0.001):  # it broke off, went on, and was told of again
        book.record(replace(FIRST, cost=cost, reserved=0.01))
    assert book.total("2026-11-23", "default") == 0.004
    for period in ("2026-11-23", "2026-11"):
        assert book.standing(period, "default") == Standing(Decimal("0.004"), Decimal(0), True)
    (entry,) = book.entries("2026-11-23")
    assert entry.cost == 0.004
