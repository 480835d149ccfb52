"""The confusion matrix, its figures, and the classic table."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall.evaluation.decisions import Confusion, classic_table, confuse

metrics = pytest.importorskip("sklearn.metrics")
CLASSES = ("a", "b", "c")
decided = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=80)


@given(decided)
def test_the_counts_add_up(rows: list[tuple[int, int]]) -> None:
    confusion = confuse(CLASSES, [true for true, _ in rows], [said for _, said in rows])
    assert confusion.total == len(rows)
    for place in range(len(CLASSES)):
        assert confusion.observed(place) == sum(true == place for true, _ in rows)
        assert confusion.predicted(place) == sum(said == place for _, said in rows)


@given(decided)
def test_the_figures_are_those_of_scikit_learn(rows: list[tuple[int, int]]) -> None:
    true, said = [one for one, _ in rows], [one for _, one in rows]
    confusion = confuse(CLASSES, true, said)
    assert confusion.accuracy() == pytest.approx(metrics.accuracy_score(true, said))
    with warnings.catch_warnings():
        # Of a single class, and of one that is predicted and never observed.
        warnings.simplefilter("ignore")
        balanced = metrics.balanced_accuracy_score(true, said)
        correlation = metrics.matthews_corrcoef(true, said)
    assert confusion.correlation() == pytest.approx(correlation)
    assert confusion.balanced_accuracy() == pytest.approx(balanced)
    ours = [
        [figure(place) for place in range(3)]
        for figure in (confusion.precision, confusion.recall, confusion.f1)
    ]
    theirs = metrics.precision_recall_fscore_support(true, said, labels=[0, 1, 2], zero_division=0)
    assert ours == [pytest.approx(list(figures)) for figures in theirs[:3]]


def test_the_table_of_the_tutorial_is_printed_as_it_stands_there() -> None:
    confusion = Confusion(("no", "yes"), [[10_769, 167], [1_133, 288]])
    assert classic_table(confusion, ["No Purchase", "Purchase"]) == (
        "Overall Classification Rate: 89.5%\n"
        "Predicted      No Purchase    Purchase\n"
        "Observed\n"
        "No Purchase    90% (10769)    37% (167)\n"
        "Purchase       10% (1133)     63% (288)\n"
    )


def test_a_class_that_is_never_predicted_has_no_shares() -> None:
    table = classic_table(Confusion(("a", "b"), [[5, 0], [3, 0]]), ["a", "b"])
    assert "62% (5)" in table
    assert "0% (0)" in table


@given(decided)
def test_each_column_of_the_table_adds_up(rows: list[tuple[int, int]]) -> None:
    confusion = confuse(CLASSES, [true for true, _ in rows], [said for _, said in rows])
    lines = classic_table(confusion, CLASSES).splitlines()[3:]
    for place in range(3):
        cells = [line.split("(")[place + 1].split(")")[0] for line in lines]
        assert sum(map(int, cells)) == confusion.predicted(place)
