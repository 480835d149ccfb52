"""prepare_table: rows that fit are sent, those that do not are told, and again costs nothing."""

from __future__ import annotations

import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepare_table.cutting import MOST_ROWS, Shape, cut
from prepare_table.logic import TablePreparer
from tests.fakes.hooks import CrashAfter, CrashError
from tests.fakes.scoring import RESULTS, result, scoring_analysis, table_of
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.input_contract import InputContract
from windfall.contracts.scoring import PreparedTable, TableAnalysis
from windfall.errors import WorkContinuesError
from windfall.tables import workroom
from windfall.tables.fitting import PlainFitting
from windfall.tables.reading import Row

MODEL = InputContract.model_validate(
    {
        "task": "binary",
        "target": "y",
        "columns": [
            {"name": "age", "type": "integer"},
            {"name": "pay", "type": "number", "missing": True},
        ],
    }
)


def prepare(store: FakeObjectStore, analysis: TableAnalysis, left: int = 900_000) -> PreparedTable:
    return TablePreparer(store).prepare(analysis, lambda: left)


def work(store: FakeObjectStore, analysis: TableAnalysis, name: str) -> bytes:
    prefix = workroom.work_location(analysis).prefix
    return store.read(S3Pointer(bucket=RESULTS, key=f"{prefix}parts/table/{name}"))


def test_what_the_model_takes_is_sent_and_the_rest_stands_beside() -> None:
    store = FakeObjectStore()
    body = b"id,pay,age,y\na7,1.5,41,yes\n=b8,,29,no\n"
    analysis = scoring_analysis(store, body, contract=MODEL)
    prepared = prepare(store, analysis)

    assert prepared.payloads == [1]
    assert work(store, analysis, "payloads/000001.csv") == b"41,1.5\n29,nan\n"
    assert table_of(work(store, analysis, "rows.000001.csv")) == [
        ["1", "a7", "1.5", "41", "yes"],
        ["2", "'=b8", "", "29", "no"],
    ]
    (outcome,) = prepared.outcomes
    assert (outcome.feature, outcome.status) == ("table", "ok")
    assert outcome.summary == {"rows": 2, "columns": 4, "rejected": 0, "payloads": 1}


def test_rows_that_do_not_fit_are_told_with_row_and_column_while_the_rest_is_sent() -> None:
    store = FakeObjectStore()
    rows = [f"{number},1,{number % 60}" for number in range(1, 100)]
    rows[69] = "70,1,abc"
    rows[80] = "81,1"
    body = ("id,pay,age\n" + "\n".join(rows)).encode()
    analysis = scoring_analysis(store, body, contract=MODEL)
    (outcome,) = prepare(store, analysis).outcomes

    assert outcome.summary["rejected"] == 2
    assert table_of(result(store, "rejected.csv")) == [
        ["row", "reason", "id", "pay", "age"],
        ["70", "column age: 'abc' is no whole number", "70", "1", "abc"],
        ["81", "it has 2 cells where the header has 3", "81", "1"],
    ]
    assert len(table_of(work(store, analysis, "payloads/000001.csv"))) == 97


def test_too_many_wrong_rows_are_a_wrong_table_and_nothing_is_sent() -> None:
    store = FakeObjectStore()
    body = b"id,pay,age\n1,1,30\n2,1,abc\n3,1,\n"
    prepared = prepare(store, scoring_analysis(store, body, contract=MODEL))
    (outcome,) = prepared.outcomes
    assert (prepared.payloads, outcome.status) == ([], "failed")
    assert outcome.reason == (
        "2 of 3 rows do not fit the model (10 % at most may): row 2, column age: 'abc' is no whole"
        " number; row 3, column age: there is no value"
    )
    assert len(table_of(result(store, "rejected.csv"))) == 3


def test_payloads_are_as_large_as_they_may_be_and_keep_the_order() -> None:
    store = FakeObjectStore()
    lines = [f"{number:08},{'x' * 90}" for number in range(30_000)]
    body = ("n,text\n" + "\n".join(lines)).encode()
    analysis = scoring_analysis(store, body, payload_megabytes=1)
    prepared = prepare(store, analysis)
    assert prepared.payloads == [1, 2, 3]
    sent = [work(store, analysis, f"payloads/00000{number}.csv") for number in (1, 2, 3)]
    assert max(map(len, sent)) <= 1_000_000
    assert b"".join(sent) == ("\n".join(lines) + "\n").encode()


def test_json_lines_have_the_columns_names() -> None:
    store = FakeObjectStore()
    model = MODEL.model_copy(update={"content_type": "application/jsonlines"})
    analysis = scoring_analysis(store, b"pay,age\n,41\n+1,29\n", contract=model)
    prepare(store, analysis)
    sent = work(store, analysis, "payloads/000001.jsonl").decode().splitlines()
    assert [json.loads(line) for line in sent] == [{"age": 41, "pay": None}, {"age": 29, "pay": 1}]


def test_without_a_contract_the_columns_of_the_profile_are_sent_as_they_stand() -> None:
    store = FakeObjectStore()
    body = b"id,b,a\n7,x y,\n"
    analysis = scoring_analysis(store, body, columns=["a", "b"], header=True, keep="id")
    prepare(store, analysis)
    assert work(store, analysis, "payloads/000001.csv") == b"a,b\n,x y\n"
    assert work(store, analysis, "rows.000001.csv") == b"1\n"


def test_a_column_that_tells_rows_apart_is_not_sent() -> None:
    store = FakeObjectStore()
    analysis = scoring_analysis(store, b"id,a\n7,1\n", id_column="id", keep="id")
    prepare(store, analysis)
    assert work(store, analysis, "payloads/000001.csv") == b"1\n"
    assert work(store, analysis, "rows.000001.csv") == b"1,7\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'a,b\n1,"2\n' + b"3,4\n" * 400_000, "behind row 0"),
        (b"a,b\n" + b"1,2\n" * 300_000 + b"x,y,z\n" * 40_000, "it has 3 cells"),
    ],
)
def test_a_table_that_breaks_far_behind_its_beginning_says_where(body: bytes, reason: str) -> None:
    store = FakeObjectStore()
    analysis = scoring_analysis(store, b"a,b\n1,2\n")
    source = store.drop("inbox", "churn/customers.csv", body)
    (outcome,) = prepare(store, analysis.model_copy(update={"source": source})).outcomes
    assert outcome.status == "failed"
    assert reason in (outcome.reason or "")


def test_a_contract_that_was_replaced_since_admission_is_not_taken_for_the_old_one() -> None:
    store = FakeObjectStore()
    analysis = scoring_analysis(store, b"age,pay\n41,1\n", contract=MODEL)
    store.drop("models", "churn/contract.json", b"{}")
    (outcome,) = prepare(store, analysis).outcomes
    assert "was replaced" in (outcome.reason or "")


def test_batch_transform_gets_a_job_of_this_stacks_own() -> None:
    store = FakeObjectStore()
    job = scoring_analysis(
        store, b"a\n1\n", mode="batch_transform", model="churn-model", endpoint=None
    )
    prepared = prepare(store, job)
    transform = prepared.transform
    assert transform is not None
    assert transform.job.startswith("windfall-")
    assert transform.job.endswith("-0a1b2c3d4e5f60718293a4b5c6d7e8f901234567-1")
    assert len(transform.job) <= 63
    assert transform.source.endswith("/parts/table/payloads/")


def test_work_goes_on_where_time_ran_out_and_ends_as_if_it_had_not() -> None:
    body = ("n,text\n" + "".join(f"{n},{'x' * 999}\n" for n in range(3_000))).encode()
    whole = FakeObjectStore()
    prepare(whole, scoring_analysis(whole, body, payload_megabytes=1))
    store = FakeObjectStore()
    analysis = scoring_analysis(store, body, payload_megabytes=1)
    tries = count()
    while True:
        next(tries)
        try:
            prepared = prepare(store, analysis, left=1_000)
            break
        except WorkContinuesError:
            continue
    assert next(tries) > 3
    assert prepared.payloads == [1, 2, 3, 4]
    for number in prepared.payloads:
        name = f"rows.{number:06}.csv"
        assert work(store, analysis, name) == work(whole, analysis, name)


def test_a_table_that_was_replaced_between_two_tries_is_not_mixed() -> None:
    body = ("n,text\n" + "".join(f"{n},{'x' * 999}\n" for n in range(3_000))).encode()
    store = FakeObjectStore(versioned=())
    analysis = scoring_analysis(store, body, payload_megabytes=1)
    with pytest.raises(WorkContinuesError):
        prepare(store, analysis, left=1_000)
    store.drop("inbox", "churn/customers.csv", body.replace(b"x", b"y"))
    (outcome,) = prepare(store, analysis).outcomes
    assert "was replaced while it was read" in (outcome.reason or "")


@pytest.mark.parametrize("operation", range(1, 9))
def test_a_crash_at_any_step_changes_nothing(operation: int) -> None:
    body = b"pay,age\n" + b"1,41\n" * 50 + b"1,abc\n"
    whole = FakeObjectStore()
    analysis = scoring_analysis(whole, body, contract=MODEL)
    expected = prepare(whole, analysis)
    store = FakeObjectStore()
    analysis = scoring_analysis(store, body, contract=MODEL)
    store.hook = CrashAfter(operation)
    for _ in range(2):
        try:
            found = prepare(store, analysis)
        except CrashError:
            continue
    assert found.payloads == expected.payloads
    assert result(store, "rejected.csv") == result(whole, "rejected.csv")


def test_a_payload_of_short_rows_has_no_more_of_them_than_can_be_joined() -> None:
    shape = Shape(PlainFitting(["a"], ["a"]), "text/csv", False, "", [], 100_000_000)
    rows = (Row(number, ["1"]) for number in range(1, MOST_ROWS + 2))
    assert [part.rows for part in cut(rows, shape)] == [MOST_ROWS, 1]


@given(
    rows=st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=3), max_size=30),
    most=st.integers(20, 60),
)
def test_every_row_is_sent_or_told_once_and_in_order(rows: list[list[str]], most: int) -> None:
    shape = Shape(PlainFitting(["a", "b"], ["a", "b"]), "text/csv", False, "", [0, 1], most)
    parts = list(cut((Row(n, cells) for n, cells in enumerate(rows, 1)), shape))
    beside = [int(row[0]) for part in parts for row in table_of(part.beside)]
    rejected = [int(row[0]) for part in parts for row in table_of(part.rejected)]
    assert beside == sorted(beside)
    assert sorted(beside + rejected) == list(range(1, len(rows) + 1))
    assert [part.rows for part in parts] == [len(table_of(part.payload)) for part in parts]
    assert all(len(part.payload) <= most for part in parts)
