"""split_table: two sides of one table, and an encoding that knows the training side only."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profile_table.logic import TableProfiler
from profile_table.models import ProfileTableTask
from split_table.division import TableDivider
from split_table.sizes import MOST_SCORES_HELD_OUT, check_held_out, check_size
from tests.fakes.storage import FakeObjectStore
from tests.fakes.tables import HEADER, customers, training_analysis
from windfall.contracts.base import S3Pointer
from windfall.contracts.input_contract import (
    ColumnContract,
    ColumnEncoding,
    ColumnType,
    InputContract,
    Task,
)
from windfall.contracts.training import Split, TrainingSpec
from windfall.errors import InvalidInputError, WorkContinuesError


class Stage:
    """A table in memory, profiled and divided."""

    def __init__(
        self, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER, **profile: Any
    ) -> None:
        self.store = FakeObjectStore()
        analysis = training_analysis(self.store, rows, header, **profile)
        profiled = TableProfiler(self.store).profile(ProfileTableTask(analysis=analysis))
        assert profiled.training is not None, profiled.outcomes[0].reason
        self.spec = TrainingSpec.model_validate_json(self.store.read(profiled.training.spec))
        self.divider = TableDivider(self.store, analysis, self.spec, lambda: 900_000)

    def divide(self) -> Split:
        return self.divider.divide()

    def rows(self, pointer: S3Pointer) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.store.read(pointer).decode())))

    def beside(self, pointer: S3Pointer, name: str) -> list[list[str]]:
        key = f"{pointer.key.rpartition('/')[0]}/{name}"
        return self.rows(S3Pointer(bucket=pointer.bucket, key=key))

    def contract(self, split: Split) -> InputContract:
        return InputContract.model_validate_json(self.store.read(split.contract))


@settings(max_examples=15)
@given(st.integers(100, 250), st.floats(0.25, 0.6), st.integers(0, 1000))
def test_every_row_is_on_exactly_one_side(count: int, share: float, seed: int) -> None:
    # The row's number is a column, so that rows can be told apart on both sides.
    rows = [[str(place * 1.5), *row] for place, row in enumerate(customers(count), 1)]
    stage = Stage(rows, ("at", *HEADER), split={"held_out": share, "seed": seed})
    split = stage.divide()
    learnt = {float(row[1]) for row in stage.rows(split.training)}
    held = {float(row[0]) for row in stage.rows(split.held_out)}
    assert not learnt & held
    assert learnt | held == {place * 1.5 for place in range(1, count + 1)}
    assert split.trained_on.rows == len(learnt)
    assert split.held_back.rows == len(held)
    for label, number in stage.spec.counts.items():
        assert split.held_back.counts[label] == round(number * share)


def test_labels_come_first_and_the_held_out_rows_have_none() -> None:
    stage = Stage(customers())
    split = stage.divide()
    training, held = stage.rows(split.training), stage.rows(split.held_out)
    assert {row[0] for row in training} == {"0", "1"}
    assert len(held[0]) == len(training[0]) - 1
    labels = stage.rows(split.labels)
    table = customers()
    assert [table[int(number) - 1][-1] for number, _ in labels] == [
        stage.spec.classes[int(label)] for _, label in labels
    ]
    ages = [table[int(number) - 1][0] for number, _ in labels]
    assert [row[0] for row in held] == ages


def test_a_category_that_stands_only_among_the_held_out_rows_is_not_learnt() -> None:
    rows = customers()
    probe = Stage(rows)
    number = int(probe.rows(probe.divide().labels)[0][0])
    rows[number - 1][1] = "astronaut"
    stage = Stage(rows)
    split = stage.divide()
    contract = stage.contract(split)
    job = next(column for column in contract.columns if column.name == "job")
    assert job.encoding is ColumnEncoding.ONE_HOT
    assert job.categories == ["clerk", "nurse", "pilot", "student"]
    assert job.unseen
    held = stage.rows(split.held_out)[0]
    assert held[1:5] == ["0", "0", "0", "0"]


def test_the_same_again_writes_the_same() -> None:
    stage = Stage(customers())
    first = stage.divide()
    before = stage.rows(first.training)
    assert stage.divide() == first
    assert stage.rows(first.training) == before


def test_a_try_that_runs_out_of_time_leaves_the_rest_to_the_next() -> None:
    rows = customers(400)
    whole = Stage(rows)
    expected = whole.divide()
    stage = Stage(rows)
    hurried = replace(stage.divider, time_left=lambda: 40_000)
    for step in ("decided.json", "learnt.json"):
        with pytest.raises(WorkContinuesError, match=step):
            hurried.divide()
    opened = len(stage.store.opened)
    assert hurried.divide() == expected
    # The last try reads the table once, and decides nothing again.
    again = [one.head.pointer.bucket for one in stage.store.opened[opened:]]
    assert again.count("inbox") == 1
    for pointer in (expected.training, expected.held_out, expected.labels):
        assert stage.rows(pointer) == whole.rows(pointer)


def test_a_step_that_takes_long_is_begun_with_enough_time_only() -> None:
    times = iter([900_000, 400_000])
    stage = Stage(customers(400))
    # The first step took 500 seconds; the next one would not end in 400.
    with pytest.raises(WorkContinuesError, match=r"decided\.json"):
        replace(stage.divider, time_left=lambda: next(times)).divide()


def test_steps_of_another_spec_are_worth_nothing() -> None:
    stage = Stage(customers(400))
    with pytest.raises(WorkContinuesError):
        replace(stage.divider, time_left=lambda: 40_000).divide()
    split = stage.spec.split.model_copy(update={"held_out": 0.6})
    other = replace(stage.divider, spec=stage.spec.model_copy(update={"split": split}))
    assert other.divide().held_back.rows == 240


def test_rows_that_become_too_large_as_features_are_refused_with_what_helps() -> None:
    wide = [
        ColumnContract(
            name=f"k{place}",
            type=ColumnType.CATEGORY,
            categories=[f"v{number}" for number in range(values)],
            encoding=ColumnEncoding.ONE_HOT,
        )
        for place, values in enumerate((200, 150))
    ]
    contract = InputContract(task=Task.BINARY, columns=wide)
    check_size(contract, 14_000_000, 200e6, volume=10)
    with pytest.raises(InvalidInputError, match=r"about 14 GB, and 10 GB fit .*'k0' alone .* 200"):
        check_size(contract, 20_000_000, 200e6, volume=10)
    check_size(contract, 20_000_000, 200e6, volume=500)
    with pytest.raises(InvalidInputError, match="20 GB can be written at the most"):
        check_size(contract, 40_000_000, 200e6, volume=500)


def test_more_held_out_rows_than_can_be_judged_are_refused() -> None:
    check_held_out(1_100_000, 2)
    with pytest.raises(InvalidInputError, match=r"holds out 9,000,000 rows, .* 1,000,000 can be"):
        check_held_out(9_000_000, 0)
    with pytest.raises(InvalidInputError, match="no more than 20,000"):
        check_held_out(50_000, 100)


def test_derived_columns_and_dropped_ones() -> None:
    derive = [{"name": "learning", "column": "job", "values": ["student", "pilot"]}]
    stage = Stage(customers(), drop=["age", "calls"], derive=derive)
    split = stage.divide()
    contract = stage.contract(split)
    assert [column.name for column in contract.columns] == ["job", "member", "income", "learning"]
    held, labels = stage.rows(split.held_out), stage.rows(split.labels)
    table = customers()
    for row, (number, _) in zip(held, labels, strict=True):
        assert row[-1] == str(int(table[int(number) - 1][1] in {"student", "pilot"}))


def test_missing_cells_stay_missing_and_a_wrong_one_costs_its_row() -> None:
    rows = customers(1_000)
    rows[10][0], rows[11][0], rows[12][1] = "", "forty", "NA"
    stage = Stage(rows)
    split = stage.divide()
    assert split.rejected == 1
    assert split.reasons == ["row 12: column age: 'forty' is not a number"]
    assert split.trained_on.rows + split.held_back.rows == 999
    sides = [*(row[1:] for row in stage.rows(split.training)), *stage.rows(split.held_out)]
    assert sum(row[0] == "nan" for row in sides) == 1
    assert sum(row[1:5] == ["0"] * 4 for row in sides) == 1


def test_groups_stay_together_and_are_not_learnt_from() -> None:
    rows = [[f"c{place % 40}", *row] for place, row in enumerate(customers(800))]
    stage = Stage(rows, ("customer", *HEADER), split={"method": "group", "column": "customer"})
    split = stage.divide()
    held = {rows[int(number) - 1][0] for number, _ in stage.rows(split.labels)}
    learnt = {row[0] for row in rows} - held
    assert len(held) + len(learnt) == 40
    assert split.held_back.rows == 20 * len(held)
    assert "customer" not in {column.name for column in stage.contract(split).columns}


def test_of_very_many_rows_no_more_are_held_out_than_can_be_judged_by() -> None:
    stage = Stage(customers())
    # Ten million rows, of which these are the first: a million may be held out, a tenth.
    stage.divider = replace(
        stage.divider, spec=stage.spec.model_copy(update={"rows": 5 * MOST_SCORES_HELD_OUT})
    )
    counts = stage.spec.counts
    assert stage.divide().held_back.counts == {name: round(n / 10) for name, n in counts.items()}


def test_the_latest_rows_are_held_out() -> None:
    rows = [[f"2026-{1 + place % 12:02}-01", *row] for place, row in enumerate(customers(600))]
    stage = Stage(rows, ("month", *HEADER), split={"method": "time", "column": "month"})
    split = stage.divide()
    held = {rows[int(number) - 1][0] for number, _ in stage.rows(split.labels)}
    assert held == {"2026-09-01", "2026-10-01", "2026-11-01", "2026-12-01"}


def test_a_split_that_leaves_nothing_to_judge_by_is_refused() -> None:
    rows = [["one group", *row] for row in customers()]
    stage = Stage(rows, ("group", *HEADER), split={"method": "group", "column": "group"})
    with pytest.raises(InvalidInputError, match=r"The split holds out \d+ rows and leaves"):
        stage.divide()


def test_a_class_that_is_wholly_held_out_is_refused() -> None:
    rows = [
        [f"{place:04}", *row[:-1], "late" if place >= 380 else row[-1]]
        for place, row in enumerate(customers())
    ]
    stage = Stage(rows, ("at", *HEADER), split={"method": "time", "column": "at"})
    with pytest.raises(InvalidInputError, match="every row of the class 'late'"):
        stage.divide()


def test_shuffled_rows_differ_from_the_held_out_ones_in_one_column_only() -> None:
    stage = Stage(customers())
    split = stage.divide()
    held = stage.rows(split.held_out)
    shuffled = stage.beside(split.held_out, "shuffled.csv")
    assert len(shuffled) == len(split.shuffled) * len(split.sample)
    widths = {"age": [0], "job": [1, 2, 3, 4], "member": [5], "income": [6], "calls": [7]}
    for block, column in enumerate(split.shuffled):
        rows = shuffled[block * len(split.sample) :][: len(split.sample)]
        pairs = [(held[place], row) for place, row in zip(split.sample, rows, strict=True)]
        changed = {place for old, new in pairs for place in range(8) if old[place] != new[place]}
        assert changed <= set(widths[column])
        assert changed
        for place in widths[column]:
            assert sorted(old[place] for old, _ in pairs) == sorted(new[place] for _, new in pairs)


def test_a_script_gets_the_cells_as_they_are_with_a_header() -> None:
    stage = Stage(customers(), algorithm="script", script="s3://models/sourcedir.tar.gz")
    split = stage.divide()
    header, *training = stage.rows(split.training)
    assert header == ["y", "age", "job", "member", "income", "calls"]
    assert {row[2] for row in training} == {"clerk", "nurse", "pilot", "student"}
    assert {row[0] for row in training} == {"0", "1"}
    assert stage.rows(split.held_out)[0][1] in {"clerk", "nurse", "pilot", "student"}
