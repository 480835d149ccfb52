"""ROC and precision-recall: the figures that scikit-learn finds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall.evaluation.ranking import rank, thinned

metrics: Any = pytest.importorskip("sklearn.metrics")

# Few different scores make many ties, which is where areas are got wrong.
scored_rows = st.lists(
    st.tuples(st.one_of(st.integers(0, 5).map(lambda n: n / 5), st.floats(0, 1)), st.booleans()),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({positive for _, positive in rows}) == 2)


@given(scored_rows)
def test_the_areas_are_those_of_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    scores, positive = [score for score, _ in rows], [one for _, one in rows]
    ranking = rank(scores, positive)
    assert ranking.area() == pytest.approx(metrics.roc_auc_score(positive, scores))
    precision = metrics.average_precision_score(positive, scores)
    assert ranking.average_precision() == pytest.approx(precision)


@given(scored_rows)
def test_every_point_of_the_curve_is_one_of_scikit_learn_s(rows: list[tuple[float, bool]]) -> None:
    scores, positive = [score for score, _ in rows], [one for _, one in rows]
    false, true, _ = metrics.roc_curve(positive, scores, drop_intermediate=False)
    curve = rank(scores, positive).roc(1_000)
    assert [x for x, _ in curve] == pytest.approx(list(false))
    assert [y for _, y in curve] == pytest.approx(list(true))


@given(scored_rows)
def test_a_curve_of_precision_and_recall_ends_with_every_positive_row(
    rows: list[tuple[float, bool]],
) -> None:
    scores, positive = [score for score, _ in rows], [one for _, one in rows]
    curve = rank(scores, positive).precision_recall(1_000)
    assert curve[-1][0] == 1.0
    assert curve[-1][1] == pytest.approx(sum(positive) / len(positive))
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    theirs = set(zip(recall.round(9), precision.round(9), strict=True))
    assert {(round(r, 9), round(p, 9)) for r, p in curve} >= theirs - {(0.0, 1.0)}


def test_of_one_class_no_area_is_told() -> None:
    assert rank([0.1, 0.9], [True, True]).area() is None
    assert rank([0.1, 0.9], [False, False]).average_precision() is None
    assert rank([], []).area() is None


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=300),
    st.integers(2, 40),
)
def test_a_thinned_curve_keeps_its_ends_and_its_order(
    curve: list[tuple[float, float]], most: int
) -> None:
    kept = thinned(curve, most)
    assert len(kept) <= max(most, 2)
    assert (kept[0], kept[-1]) == (curve[0], curve[-1])
    remaining = iter(curve)
    assert all(point in remaining for point in kept)
