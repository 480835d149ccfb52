"""What a model of tables takes and answers: the input contract that is saved with the model."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from windfall.contracts.base import Contract

ContentType = Literal["text/csv", "application/jsonlines"]
"""What a model is sent: rows of cells, or an object with the columns' names a line."""


class ColumnType(StrEnum):
    """What the cells of a column are."""

    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    TEXT = "text"


class ColumnEncoding(StrEnum):
    """How a cell becomes what the model is sent.

    plain: as it stands (a boolean as 1 or 0); one_hot: a 1 at its category's place and 0 at the
    others', one feature a category; index: the number of its category, from 0; is_one_of: 1 where
    it is one of the categories, else 0.
    """

    PLAIN = "plain"
    ONE_HOT = "one_hot"
    INDEX = "index"
    IS_ONE_OF = "is_one_of"


class ColumnContract(Contract):
    """One column that the model takes.

    Attributes:
        source: The table's column that it is made from, where that has another name.
        missing: Whether a row may leave the cell empty.
        minimum: The least number that makes sense, as `maximum` is the greatest; null for any.
        categories: Every category, in the order of their features or indexes.
        unseen: Whether a category that is not listed is taken (as none of them: all 0, or -1).
    """

    name: str = Field(min_length=1)
    source: str | None = Field(default=None, min_length=1)
    type: ColumnType
    missing: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: list[str] = Field(default_factory=list)
    encoding: ColumnEncoding = ColumnEncoding.PLAIN
    unseen: bool = False

    @property
    def column(self) -> str:
        """The table's column whose cells it takes."""
        return self.source or self.name

    @model_validator(mode="after")
    def _categories_are_listed(self) -> Self:
        if self.encoding is not ColumnEncoding.PLAIN and not self.categories:
            raise ValueError(f"{self.name}: {self.encoding.value} needs categories")
        if self.categories and self.type is not ColumnType.CATEGORY:
            raise ValueError(f"{self.name}: only a category has categories")
        return self


class Task(StrEnum):
    """What a model tells of a row.

    A `binary` model answers with the score of the second class, or with both classes' scores; a
    `multiclass` one with each class's score, or with the class's index; a `regression` with a
    number. Each may answer with the class's name instead.
    """

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class InputContract(Contract):
    """What a model takes, saved as `contract.json` with it.

    Attributes:
        model: The version of the model, for people.
        columns: In the order in which the model takes them.
        target: What the model predicts; a table may have it, and it is not sent.
        classes: In the order of the model's answers; of a binary model the second is "positive".
        threshold: From which score on a row is of the second class.
        missing_values: What means "no value" beside an empty cell, `NA`, `NaN` and `null`.
        missing_as: What a missing cell is sent as in CSV; null in JSON.
        header: Whether a CSV payload begins with the names of its columns.
    """

    version: Literal["1"] = "1"
    model: str | None = None
    columns: list[ColumnContract] = Field(min_length=1)
    target: str | None = None
    task: Task
    classes: list[str] = Field(default_factory=list)
    threshold: float = Field(default=0.5, ge=0, le=1)
    missing_values: list[str] = Field(default_factory=list)
    missing_as: str = "nan"
    content_type: ContentType = "text/csv"
    header: bool = False

    @model_validator(mode="after")
    def _names_are_clear(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("two columns have the same name")
        if self.target in names:
            raise ValueError(f"{self.target}: the target is no column that the model takes")
        if self.task is Task.BINARY and len(self.classes) not in {0, 2}:
            raise ValueError("a binary model has two classes")
        return self
