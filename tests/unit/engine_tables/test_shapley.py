"""Kernel SHAP against what is known of Shapley values."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windfall_local.engines.tables.shapley import KernelShap, coalitions

WEIGHTS = np.array([1.0, -2.0, 0.5, 3.0, 0.0, 1.5])


def linear(rows: Any) -> Any:
    return rows.astype(float) @ WEIGHTS[: rows.shape[1]] + 7


def crossed(rows: Any) -> Any:
    numbers = rows.astype(float)
    return numbers[:, 0] * numbers[:, 1] + np.sin(numbers[:, 2]) * numbers.sum(axis=1)


def by_definition(predict: Any, row: Any, baseline: Any) -> Any:
    """Shapley values by their formula: over every coalition, what a feature adds to it."""
    count = len(row)

    def value(kept: tuple[int, ...]) -> float:
        mixed = baseline.copy()
        mixed[:, list(kept)] = row[list(kept)]
        return float(predict(mixed).mean())

    found = np.zeros(count)
    for feature in range(count):
        others = [one for one in range(count) if one != feature]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for kept in combinations(others, size):
                found[feature] += weight * (value((*kept, feature)) - value(kept))
    return found


FLOATS = st.floats(-5, 5, allow_nan=False)


@settings(max_examples=30)
@given(
    st.lists(FLOATS, min_size=4, max_size=4),
    st.lists(st.lists(FLOATS, min_size=4, max_size=4), min_size=1, max_size=3),
)
def test_with_every_coalition_the_values_are_shapleys(
    row: list[float], baseline: list[list[float]]
) -> None:
    expected = by_definition(crossed, np.array(row), np.array(baseline))
    found = KernelShap(crossed, np.array(baseline), 100).explain(np.array(row))
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("budget", [12, 20, 62])
def test_a_linear_model_is_explained_exactly_by_any_budget(budget: int) -> None:
    random = np.random.default_rng(3)
    baseline, row = random.random((5, 6)), random.random(6)
    found = KernelShap(linear, baseline, budget).explain(row)
    np.testing.assert_allclose(found, WEIGHTS * (row - baseline.mean(axis=0)), atol=1e-9)


def test_values_add_up_to_the_prediction_however_few_coalitions_are_asked() -> None:
    random = np.random.default_rng(4)
    baseline, row = random.random((3, 20)), random.random(20)
    shap = KernelShap(crossed, baseline, 100)
    assert shap.explain(row).sum() == pytest.approx(crossed(row[None])[0] - shap.expected)


def test_drawn_coalitions_come_near_to_the_exact_values() -> None:
    random = np.random.default_rng(5)
    baseline, row = random.random((1, 12)), random.random(12)
    exact = KernelShap(crossed, baseline, 2**12).explain(row)
    drawn = KernelShap(crossed, baseline, 600, seed=1).explain(row)
    assert np.abs(drawn - exact).max() < 0.05 * np.abs(exact).max()


def test_coalitions_keep_to_the_budget_and_those_that_weigh_most_come_first() -> None:
    masks, weights = coalitions(10, 64, np.random.default_rng(0))
    assert len(masks) == len(weights) <= 64
    sizes = masks.sum(axis=1)
    assert (sizes == 1).sum() == (sizes == 9).sum() == 10
    assert not ((sizes == 0) | (sizes == 10)).any()
    every, _ = coalitions(4, 1000, np.random.default_rng(0))
    assert len({tuple(mask) for mask in every}) == 2**4 - 2


def test_a_single_feature_explains_everything() -> None:
    shap = KernelShap(linear, np.array([[2.0]]), 10)
    assert shap.explain(np.array([5.0])).tolist() == [3.0]
