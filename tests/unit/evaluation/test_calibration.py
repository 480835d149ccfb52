"""Whether scores come true, and the errors of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall.evaluation.amounts import measure_errors
from windfall.evaluation.calibration import brier, calibrate, log_loss

metrics = pytest.importorskip("sklearn.metrics")
calibration = pytest.importorskip("sklearn.calibration")

scored = st.lists(
    st.tuples(st.floats(0.001, 0.999), st.booleans()), min_size=2, max_size=80
).filter(lambda rows: len({positive for _, positive in rows}) == 2)
amounts = st.lists(
    st.tuples(st.integers(-1_000, 1_000), st.integers(-1_000, 1_000)), min_size=2, max_size=50
).filter(lambda rows: len({true for true, _ in rows}) > 1)


@given(scored)
def test_the_bins_are_those_of_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    scores, positive = [score for score, _ in rows], [one for _, one in rows]
    shares, means = calibration.calibration_curve(positive, scores, n_bins=10)
    bins = calibrate(scores, positive)
    assert [one.positive for one in bins] == pytest.approx(list(shares))
    assert [one.score for one in bins] == pytest.approx(list(means))
    assert sum(one.rows for one in bins) == len(rows)


@given(scored)
def test_the_losses_are_those_of_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    scores, positive = [score for score, _ in rows], [one for _, one in rows]
    assert brier(scores, positive) == pytest.approx(metrics.brier_score_loss(positive, scores))
    chances = [score if one else 1 - score for score, one in rows]
    assert log_loss(chances) == pytest.approx(metrics.log_loss(positive, scores))


@given(amounts)
def test_the_errors_of_numbers_are_those_of_scikit_learn(rows: list[tuple[int, int]]) -> None:
    true, said = [float(one) for one, _ in rows], [float(one) for _, one in rows]
    errors = measure_errors(true, said)
    assert errors.r2 == pytest.approx(metrics.r2_score(true, said))
    assert errors.mae == pytest.approx(metrics.mean_absolute_error(true, said))
    assert errors.rmse == pytest.approx(metrics.root_mean_squared_error(true, said))


def test_equal_numbers_explain_nothing() -> None:
    assert measure_errors([2.0, 2.0], [1.0, 3.0]).r2 is None


def test_a_sure_mistake_costs_much_and_not_without_end() -> None:
    assert 30 < log_loss([0.0]) < 40
