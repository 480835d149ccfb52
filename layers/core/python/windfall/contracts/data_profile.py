"""What a table that a model learns from looks like, saved as `profile.json`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.input_contract import ColumnType


class FrequentValue(Contract):
    """A value of a column and in how many rows it stands."""

    value: str
    rows: int = Field(ge=1)


class ColumnProfile(Contract):
    """One column.

    Attributes:
        missing: Rows without a value.
        distinct: How many values there are; null when there are too many to be counted.
        odd: Cells of a column of numbers that are none.
        frequent: The most frequent values, the first one first; empty for numbers of many values.
        alone: How well the target is told by this column alone, as `DataProfile.measure` says;
            null for the target itself, and where nothing can be told.
    """

    name: str
    type: ColumnType
    missing: int = Field(ge=0)
    distinct: int | None = Field(default=None, ge=0)
    odd: int = Field(default=0, ge=0)
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    frequent: list[FrequentValue] = Field(default_factory=list)
    alone: float | None = None


class DataProfile(Contract):
    """The whole table.

    Attributes:
        broken: Rows that have too few cells, or too many.
        measure: What `ColumnProfile.alone` is: `auc` (two classes: the area under the ROC curve,
            0.5 is chance), `gain` (more classes: the share of the errors of always naming the most
            frequent class that is avoided) or `r2` (numbers: the variance that is explained).
        warnings: For a person; each says what to do.
    """

    version: Literal["1"] = "1"
    rows: int = Field(ge=0)
    broken: int = Field(default=0, ge=0)
    columns: list[ColumnProfile]
    measure: Literal["auc", "gain", "r2"]
    warnings: list[str]
