"""Kernel SHAP: what each feature of a row adds to its prediction (Lundberg and Lee, 2017).

A coalition keeps some features of the row and takes the others from a baseline. The predictions of
coalitions are explained by a weighted linear model, whose weights make its coefficients Shapley
values. Where there are few features every coalition is asked, and the values are exact; else as
many as the budget allows: those of few and of nearly all features first, for they weigh most.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

Predict = Callable[[Any], Any]
"""From rows of features to one number a row."""


def coalitions(features: int, budget: int, random: Any) -> tuple[Any, Any]:
    """Coalitions to ask about, without the empty and the full one.

    Args:
        features: How many there are; at least 2.
        budget: How many coalitions at most.
        random: NumPy's generator, for those that are drawn.

    Returns:
        Truth values, by coalition and feature, and the kernel's weight of each.
    """
    masks: list[Any] = []
    weights: list[float] = []
    sizes = list(range(1, features // 2 + 1))
    weight_of = {size: _weight_of_size(features, size) for size in sizes}
    left = sum(weight_of.values())
    while sizes:
        size = sizes[0]
        pair = 1 if 2 * size == features else 2
        count = comb(features, size) * pair
        if count > budget - len(masks):
            break
        each = weight_of[size] / count
        for chosen in combinations(range(features), size):
            mask: Any = np.zeros(features, bool)
            mask[list(chosen)] = True
            for one in (mask, ~mask)[:pair]:
                masks.append(one)
                weights.append(each)
        left -= weight_of[size]
        sizes.pop(0)
    drawn = _drawn(features, sizes, weight_of, budget - len(masks), random)
    masks += drawn
    weights += [left / len(drawn)] * len(drawn) if drawn else []
    return np.array(masks), np.array(weights)


def _weight_of_size(features: int, size: int) -> float:
    """The kernel's weight of all coalitions of a size and of its complement together."""
    both = 1 if 2 * size == features else 2
    return both * (features - 1) / (size * (features - size))


def _drawn(
    features: int, sizes: list[int], weight_of: dict[int, float], count: int, random: Any
) -> list[Any]:
    if not sizes or count < 2:
        return []
    chances = np.array([weight_of[size] for size in sizes])
    found = []
    for size in random.choice(sizes, count // 2, p=chances / chances.sum()):
        mask: Any = np.zeros(features, bool)
        mask[random.choice(features, size, replace=False)] = True
        # In pairs with its complement: that halves the variance.
        found += [mask, ~mask]
    return found


class KernelShap:
    """Explains predictions against a baseline.

    Args:
        predict: The model.
        baseline: Rows; a feature that is left out has their values, and the mean is taken.
        budget: Coalitions at most for each row.
        seed: For what is drawn.

    Attributes:
        expected: The mean prediction of the baseline.
    """

    def __init__(self, predict: Predict, baseline: Any, budget: int, seed: int = 0) -> None:
        self._predict = predict
        self._baseline = np.atleast_2d(baseline)
        features = self._baseline.shape[1]
        self._masks: Any = None
        self._solver: Any = None
        if features > 1:
            random = np.random.default_rng(seed)
            self._masks, weights = coalitions(features, max(budget, 2 * features), random)
            self._solver = _solver(self._masks, weights)
        self.expected = float(np.mean(predict(self._baseline)))

    def explain(self, row: Any) -> Any:
        """A value for each feature; they add up to the prediction less the expected one."""
        whole = float(self._predict(row[np.newaxis])[0]) - self.expected
        if self._solver is None:
            return np.array([whole])
        # Each coalition with each row of the baseline, in one call.
        mixed = np.where(self._masks[:, None, :], row, self._baseline[None, :, :])
        said = self._predict(mixed.reshape(-1, mixed.shape[2]))
        means = np.asarray(said, float).reshape(len(self._masks), -1).mean(axis=1) - self.expected
        last = self._masks[:, -1].astype(float)
        first = self._solver @ (means - last * whole)
        return np.append(first, whole - first.sum())


def _solver(masks: Any, weights: Any) -> Any:
    """Least squares in which the last value is what the others leave of the whole."""
    design = masks[:, :-1].astype(float) - masks[:, -1:].astype(float)
    weighted = design * weights[:, np.newaxis]
    return np.linalg.pinv(weighted.T @ design) @ weighted.T
