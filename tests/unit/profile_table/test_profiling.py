"""profile_table: what is decided, what is warned of, and what can not be learnt from."""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Sequence
from typing import Any

import pytest

from profile_table.columns import ColumnAccumulator
from profile_table.logic import TableProfiler
from profile_table.models import ProfiledTable, ProfileTableTask
from tests.fakes.storage import FakeObjectStore
from tests.fakes.tables import HEADER, customers, training_analysis
from windfall.contracts.base import S3Pointer
from windfall.contracts.data_profile import DataProfile
from windfall.contracts.input_contract import ColumnType, Task
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.training import TrainingSpec


class Stage:
    """The function over a table in memory."""

    def __init__(
        self, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER, **profile: Any
    ) -> None:
        self.store = FakeObjectStore()
        self.analysis = training_analysis(self.store, rows, header, **profile)

    def run(self) -> ProfiledTable:
        return TableProfiler(self.store).profile(ProfileTableTask(analysis=self.analysis))

    def refusal(self) -> str:
        profiled = self.run()
        assert profiled.training is None
        assert profiled.outcomes[0].status is OutcomeStatus.FAILED
        return profiled.outcomes[0].reason or ""

    def decided(self) -> tuple[TrainingSpec, DataProfile]:
        profiled = self.run()
        assert profiled.training is not None, profiled.outcomes[0].reason
        spec = TrainingSpec.model_validate_json(self.store.read(profiled.training.spec))
        result = profiled.outcomes[0].result
        assert result is not None
        return spec, DataProfile.model_validate_json(self.store.read(result))


def test_numbers_that_are_taken_all_at_once_have_the_same_moments() -> None:
    dice = random.Random(3)
    numbers = [dice.gauss(50, 9) for _ in range(30_000)]
    column = ColumnAccumulator("income")
    for start in range(0, len(numbers), 5_000):
        column.add([*map(str, numbers[start : start + 5_000]), "", "NA"])
    column.add(["1_000", "soon", " 60.5 ", "inf"])
    found = column.profile()
    taken = [*numbers, 60.5]
    assert (found.distinct, found.missing, found.odd) == (None, 12, 3)
    assert (found.minimum, found.maximum) == (min(taken), max(taken))
    assert found.mean == pytest.approx(statistics.fmean(taken), rel=1e-12)
    assert found.deviation == pytest.approx(statistics.pstdev(taken), rel=1e-9)
    assert column.type is ColumnType.NUMBER


def test_a_table_alone_is_enough() -> None:
    spec, profile = Stage(customers()).decided()
    assert (spec.name, spec.target, spec.task) == ("customers", "y", Task.BINARY)
    assert spec.classes == ["no", "yes"]
    assert [column.name for column in spec.columns] == ["age", "job", "member", "income", "calls"]
    assert spec.hyperparameters["objective"] == "binary:logistic"
    assert spec.split.method == "stratified"
    assert profile.rows == spec.rows == sum(spec.counts.values()) == 400
    told = " ".join(spec.inferred)
    for word in ("target", "task", "looked for", "held out", "num_round", "called"):
        assert word in told


def test_what_the_profile_says_goes_before_what_is_inferred() -> None:
    spec, _ = Stage(
        customers(),
        name="buyers",
        target="member",
        positive="no",
        drop=["income"],
        hyperparameters={"max_depth": 3, "eta": 0.1},
        split={"method": "random", "held_out": 0.2},
    ).decided()
    assert (spec.name, spec.target, spec.classes) == ("buyers", "member", ["yes", "no"])
    assert "income" not in {column.name for column in spec.columns}
    assert spec.hyperparameters["max_depth"] == "3"
    assert spec.hyperparameters["eta"] == "0.1"
    assert spec.split.method == "random"


def test_columns_are_what_their_cells_are() -> None:
    rows = [
        [*row[:3], "" if place % 7 == 0 else "1.5", *row[4:]]
        for place, row in enumerate(customers())
    ]
    _, profile = Stage(rows).decided()
    types = {column.name: column.type for column in profile.columns}
    assert types == {
        "age": ColumnType.INTEGER,
        "job": ColumnType.CATEGORY,
        "member": ColumnType.BOOLEAN,
        "income": ColumnType.NUMBER,
        "calls": ColumnType.INTEGER,
        "y": ColumnType.BOOLEAN,
    }
    income = profile.columns[3]
    assert (income.missing, income.mean, income.deviation) == (58, 1.5, 0.0)
    job = profile.columns[1]
    assert job.distinct == 4
    assert sum(one.rows for one in job.frequent) == 400


def test_a_constant_target_says_so() -> None:
    rows = [[*row[:-1], "no"] for row in customers()]
    assert "'y' is 'no' in every row: there is nothing to learn" in Stage(rows).refusal()


def test_twelve_rows_are_too_few() -> None:
    assert "has 12 rows with a target; at least 100" in Stage(customers(12)).refusal()


def test_a_class_of_three_rows_is_too_small() -> None:
    rows = [[*row[:-1], "maybe" if place < 3 else row[-1]] for place, row in enumerate(customers())]
    assert "The class 'maybe' of 'y' has 3 rows" in Stage(rows).refusal()


def test_a_target_of_many_texts_is_no_class() -> None:
    rows = [[*row[:-1], f"customer {place}"] for place, row in enumerate(customers())]
    assert (
        "many different texts" in Stage(rows).refusal() or "400 different" in Stage(rows).refusal()
    )


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        ({"target": "z"}, "table.train.target: there is no column 'z'"),
        ({"drop": ["z"]}, "table.train.drop: there is no column 'z'"),
        ({"positive": "maybe"}, "no row has the target 'maybe'"),
        ({"task": "regression"}, "'y' is no number"),
        ({"derive": [{"name": "age", "column": "job", "values": ["x"]}]}, "a name that is taken"),
        ({"target": "age", "task": "binary"}, "a binary task has two"),
        ({"target": "income", "split": {"method": "stratified"}}, "no classes to stratify"),
    ],
)
def test_a_profile_that_does_not_fit_the_table_says_where(
    profile: dict[str, Any], problem: str
) -> None:
    assert problem in Stage(customers(), **profile).refusal()


def test_a_column_that_knows_the_answer_is_warned_of() -> None:
    dice = random.Random(3)
    header = (*HEADER[:-1], "refunded", "y")
    rows = [
        [*row[:-1], "0" if row[-1] == "no" or dice.random() < 0.02 else "250", row[-1]]
        for row in customers(1_000)
    ]
    _, profile = Stage(rows, header).decided()
    (warning,) = [one for one in profile.warnings if "leak" in one]
    assert warning.startswith(
        "'refunded' may leak the target: it tells the target almost by itself"
    )
    assert "table.train.drop" in warning
    alone = {column.name: column.alone for column in profile.columns}
    assert alone["refunded"] == max(value for value in alone.values() if value is not None)

    spec, profile = Stage(rows, header, drop=["refunded"]).decided()
    assert any("It is left out." in warning for warning in profile.warnings)
    assert [one.column for one in spec.left_out] == ["refunded"]


def test_a_column_that_tells_far_more_than_any_other_is_warned_of() -> None:
    dice = random.Random(4)
    header = ("noise", "seconds", "y")
    rows = []
    for _ in range(3_000):
        buys = dice.random() < 0.3
        seconds = dice.gauss(500 if buys else 250, 200)
        rows.append([str(dice.randint(0, 9)), f"{seconds:.0f}", "yes" if buys else "no"])
    _, profile = Stage(rows, header).decided()
    assert any(
        "'seconds' may leak the target: it alone tells far more" in one for one in profile.warnings
    )


def test_an_honest_column_raises_no_alarm() -> None:
    _, profile = Stage(customers(2_000)).decided()
    assert not [one for one in profile.warnings if "leak" in one]


def test_what_teaches_nothing_is_left_out_with_the_reason() -> None:
    header = ("id", "empty", "same", "remark", *HEADER)
    rows = [
        [str(place + 1000), "", "x", f"text {place}", *row] for place, row in enumerate(customers())
    ]
    spec, _ = Stage(rows, header).decided()
    reasons = {one.column: one.reason for one in spec.left_out}
    assert reasons.keys() == {"id", "empty", "same", "remark"}
    assert reasons["id"] == "it numbers the rows"
    assert "texts" in reasons["remark"]


def test_rows_without_a_target_and_broken_ones_are_told() -> None:
    rows = customers()
    rows[3][-1], rows[5] = "", rows[5][:-1]
    spec, profile = Stage(rows).decided()
    assert spec.rows == 398
    assert profile.broken == 1
    told = " ".join(profile.warnings)
    assert "1 rows have no target" in told
    assert "the first one is row 6" in told


def test_a_table_that_is_read_wrongly_is_refused() -> None:
    rows = [row if place % 3 else row[:-1] for place, row in enumerate(customers())]
    assert (
        "rows have more or fewer cells than the header; the first one is row 1"
        in Stage(rows).refusal()
    )


def test_a_few_words_among_numbers_are_mistakes() -> None:
    rows = customers(1_000)
    rows[70][0] = "forty"
    spec, profile = Stage(rows).decided()
    assert next(one for one in spec.columns if one.name == "age").type is ColumnType.INTEGER
    assert any(
        "'age' holds numbers, but for 1 cells (such as 'forty')" in one for one in profile.warnings
    )


def test_numbers_are_predicted_and_more_classes_told_apart() -> None:
    spec, profile = Stage(customers(), target="income").decided()
    assert (spec.task, spec.classes, profile.measure) == (Task.REGRESSION, [], "r2")
    assert spec.hyperparameters["objective"] == "reg:squarederror"
    assert spec.split.method == "random"
    spec, profile = Stage(customers(), target="calls").decided()
    assert (spec.task, profile.measure) == (Task.MULTICLASS, "gain")
    assert spec.classes == ["0", "1", "2", "3", "4"]
    assert spec.hyperparameters["num_class"] == "5"


def test_a_second_try_reads_nothing_again() -> None:
    stage = Stage(customers())
    first = stage.run()
    opened = len(stage.store.opened)
    assert stage.run() == first
    assert len(stage.store.opened) == opened


def test_the_summary_is_small_and_says_what_was_decided() -> None:
    summary = Stage(customers()).run().outcomes[0].summary
    assert summary["target"] == "y"
    assert len(json.dumps(summary)) < 2_000


def test_the_results_lie_beside_each_other() -> None:
    stage = Stage(customers())
    stage.run()
    for name in ("profile.json", "spec.json"):
        key = f"{stage.analysis.output.prefix}{name}"
        assert stage.store.read(S3Pointer(bucket="windfall-results", key=key))
