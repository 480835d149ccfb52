"""How far predicted numbers are from the observed ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Errors:
    """The errors of predicted numbers.

    Attributes:
        rmse: Root of the mean squared error, in the target's own unit.
        mae: Mean absolute error, in the target's own unit.
        r2: The share of the variance that is explained; 0 is no better than the mean, and None
            where the observed numbers are all equal.
        bias: Mean of predicted minus observed.
    """

    rmse: float
    mae: float
    r2: float | None
    bias: float


def measure_errors(observed: Sequence[float], predicted: Sequence[float]) -> Errors:
    """Hold predicted numbers against the observed ones; there is at least one."""
    count = len(observed)
    errors = [said - true for true, said in zip(observed, predicted, strict=True)]
    squared = math.fsum(error * error for error in errors)
    mean = math.fsum(observed) / count
    spread = math.fsum((true - mean) ** 2 for true in observed)
    return Errors(
        rmse=math.sqrt(squared / count),
        mae=math.fsum(map(abs, errors)) / count,
        r2=1 - squared / spread if spread else None,
        bias=math.fsum(errors) / count,
    )
