"""From what a profile says and what a table holds to what is trained.

Whatever nobody said is inferred, and told: a person reads in the report what was decided and why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from profile_table.columns import MOST_CATEGORIES, ColumnAccumulator
from windfall.contracts.input_contract import ColumnType, Task
from windfall.contracts.training import (
    Algorithm,
    LearntColumn,
    LeftOut,
    SplitMethod,
    SplitProfile,
    TrainingSpec,
    TrainProfile,
)
from windfall.errors import InvalidInputError

LEAST_ROWS = 100
"""Fewer rows hold out too few to tell a good model from a lucky one."""
LEAST_OF_A_CLASS = 10
MOST_CLASSES = 100
_MOST_NUMERIC_CLASSES = 20
_TARGETS = ("target", "label", "class", "y", "outcome")
_POSITIVES = frozenset({"yes", "y", "true", "t", "1", "1.0", "positive", "churned", "fraud"})

_XGBOOST: Mapping[Task, Mapping[str, str]] = {
    Task.BINARY: {"objective": "binary:logistic", "eval_metric": "auc"},
    Task.MULTICLASS: {"objective": "multi:softprob", "eval_metric": "mlogloss"},
    Task.REGRESSION: {"objective": "reg:squarederror", "eval_metric": "rmse"},
}
_GENTLE = {"num_round": "100", "max_depth": "5", "eta": "0.2", "subsample": "0.8", "seed": "0"}
"""A start that suits most tables; the profile's own hyperparameters go before it."""


@dataclass
class Draft:
    """What is being decided, with the reasons for what was inferred."""

    profile: TrainProfile
    columns: Mapping[str, ColumnAccumulator]
    rows: int
    key: str
    inferred: list[str] = field(default_factory=list)

    def finish(self) -> TrainingSpec:
        """Decide everything.

        Raises:
            InvalidInputError: Nothing can be learnt from the table, or the profile does not fit
                it; the message says why.
        """
        self._check_names()
        target = self._target()
        task = self._task(target)
        counts = self._counts(target, task)
        left_out = self._left_out(target.name)
        names = {column.column for column in left_out} | {target.name}
        learnt = [
            LearntColumn(name=name, type=self._type(column))
            for name, column in self.columns.items()
            if name not in names
        ]
        if not learnt:
            raise InvalidInputError("No column is left that a model could learn from.")
        return TrainingSpec(
            profile=self.profile,
            name=self.profile.name or self._name(),
            target=target.name,
            task=task,
            classes=self._classes(counts, task),
            columns=learnt,
            left_out=left_out,
            split=self._split(task),
            hyperparameters=self._hyperparameters(task, len(counts)),
            inferred=self.inferred,
            rows=target.values,
            counts=counts,
        )

    def _check_names(self) -> None:
        profile = self.profile
        named: Mapping[str, Sequence[str | None]] = {
            "target": [profile.target],
            "drop": profile.drop,
            "derive": [one.column for one in profile.derive],
            "categories": profile.categories,
            "split.column": [profile.split.column],
            "explain": profile.explain,
        }
        for where, names in named.items():
            for name in names:
                if name is not None and name not in self.columns:
                    raise InvalidInputError(f"table.train.{where}: there is no column {name!r}.")
        derived = [one.name for one in profile.derive]
        if len({*derived, *self.columns}) != len(derived) + len(self.columns):
            raise InvalidInputError(
                "table.train.derive: a derived column has a name that is taken."
            )

    def _target(self) -> ColumnAccumulator:
        if self.profile.target is not None:
            target = self.columns[self.profile.target]
        else:
            by_name = {name.lower(): name for name in self.columns}
            found = next((by_name[name] for name in _TARGETS if name in by_name), None)
            target = self.columns[found or list(self.columns)[-1]]
            why = "its name says so" if found else "it is the last column"
            self.inferred.append(f"The target is {target.name!r}: {why}.")
        if target.values < LEAST_ROWS:
            raise InvalidInputError(
                f"The table has {target.values} row{'s' * (target.values != 1)} with a target;"
                f" at least {LEAST_ROWS} are needed to train a model and to tell how good it is."
            )
        if target.distinct == 1:
            only = next(iter(target.counts)) if target.counts else ""
            raise InvalidInputError(
                f"The target {target.name!r} is {only!r} in every row: there is nothing to learn."
            )
        return target

    def _task(self, target: ColumnAccumulator) -> Task:
        if self.profile.task is not None:
            return self._checked_task(target, self.profile.task)
        distinct = target.distinct
        if distinct == 2:
            return self._infer_task(Task.BINARY, f"{target.name!r} has two values")
        if target.is_numeric and (distinct is None or distinct > _MOST_NUMERIC_CLASSES):
            values = "many" if distinct is None else str(distinct)
            return self._infer_task(
                Task.REGRESSION, f"{target.name!r} is a number with {values} values"
            )
        if distinct is None or distinct > MOST_CLASSES:
            raise InvalidInputError(
                f"The target {target.name!r} has {distinct or 'too'} many different texts; a class"
                f" is one of at most {MOST_CLASSES}. Name another target."
            )
        return self._infer_task(Task.MULTICLASS, f"{target.name!r} has {distinct} values")

    def _infer_task(self, task: Task, why: str) -> Task:
        self.inferred.append(f"The task is {task.value}: {why}.")
        return task

    def _checked_task(self, target: ColumnAccumulator, task: Task) -> Task:
        distinct = target.distinct
        if task is Task.REGRESSION and not target.is_numeric:
            raise InvalidInputError(
                f"The target {target.name!r} is no number ({target.first_odd!r}); a regression"
                " predicts numbers."
            )
        if task is Task.BINARY and distinct != 2:
            raise InvalidInputError(
                f"The target {target.name!r} has {distinct or 'too many'} different values; a"
                " binary task has two."
            )
        if task is Task.MULTICLASS and (distinct is None or distinct > MOST_CLASSES):
            raise InvalidInputError(
                f"The target {target.name!r} has {distinct or 'too many'} different values; at"
                f" most {MOST_CLASSES} classes can be told apart."
            )
        return task

    def _counts(self, target: ColumnAccumulator, task: Task) -> dict[str, int]:
        if task is Task.REGRESSION:
            return {}
        counts = dict(sorted((target.counts or {}).items()))
        for label, rows in counts.items():
            if rows < LEAST_OF_A_CLASS:
                raise InvalidInputError(
                    f"The class {label!r} of {target.name!r} has {rows}"
                    f" row{'s' * (rows != 1)}; at least {LEAST_OF_A_CLASS} are needed to learn"
                    " it and to hold some out."
                )
        return counts

    def _classes(self, counts: Mapping[str, int], task: Task) -> list[str]:
        """The labels, of two the positive one last."""
        if task is not Task.BINARY:
            return sorted(counts, key=_by_number)
        positive = self.profile.positive
        if positive is None:
            said = [label for label in counts if label.lower() in _POSITIVES]
            positive = said[0] if len(said) == 1 else min(counts, key=lambda one: counts[one])
            why = "its name says so" if len(said) == 1 else "it is the rarer one"
            self.inferred.append(f"The class that is looked for is {positive!r}: {why}.")
        elif positive not in counts:
            raise InvalidInputError(f"table.train.positive: no row has the target {positive!r}.")
        return [*(label for label in counts if label != positive), positive]

    def _left_out(self, target: str) -> list[LeftOut]:
        found = [LeftOut(column=name, reason="the profile drops it") for name in self.profile.drop]
        named = {*self.profile.drop, target}
        if self.profile.split.column is not None and self.profile.split.column not in named:
            reason = f"the split by {self.profile.split.method} goes by it"
            found.append(LeftOut(column=self.profile.split.column, reason=reason))
            named.add(self.profile.split.column)
        for name, column in self.columns.items():
            why = None if name in named else self._useless(column)
            if why is not None:
                found.append(LeftOut(column=name, reason=why))
                self.inferred.append(f"{name!r} is left out: {why}.")
        return found

    def _useless(self, column: ColumnAccumulator) -> str | None:
        """Why nothing can be learnt from a column."""
        if column.values == 0:
            return "it is empty"
        if column.distinct == 1 and not column.missing:
            return "it has the same value in every row"
        if column.name in self.profile.categories:
            return None
        if column.is_running_number:
            return "it numbers the rows"
        if self._type(column) is ColumnType.TEXT and self.profile.algorithm is Algorithm.XGBOOST:
            return f"it holds texts: more than {MOST_CATEGORIES} different ones"
        return None

    def _type(self, column: ColumnAccumulator) -> ColumnType:
        return ColumnType.CATEGORY if column.name in self.profile.categories else column.type

    def _split(self, task: Task) -> SplitProfile:
        split = self.profile.split
        if split.method is not None:
            if split.method is SplitMethod.STRATIFIED and task is Task.REGRESSION:
                raise InvalidInputError(
                    "table.train.split.method: numbers have no classes to stratify by."
                )
            return split
        method = SplitMethod.RANDOM if task is Task.REGRESSION else SplitMethod.STRATIFIED
        self.inferred.append(
            f"{split.held_out:.0%} of the rows are held out ({method.value}, seed {split.seed})."
        )
        return split.model_copy(update={"method": method})

    def _hyperparameters(self, task: Task, classes: int) -> dict[str, str]:
        given = {name: _written(value) for name, value in self.profile.hyperparameters.items()}
        if self.profile.algorithm is not Algorithm.XGBOOST:
            return given
        defaults = {**_XGBOOST[task], **_GENTLE}
        if task is Task.MULTICLASS:
            defaults["num_class"] = str(classes)
        taken = {name: value for name, value in defaults.items() if name not in given}
        self.inferred.append(
            "Hyperparameters: "
            + ", ".join(f"{name} {value}" for name, value in taken.items())
            + "."
        )
        return {**defaults, **given}

    def _name(self) -> str:
        stem = re.sub(r"[^a-z0-9]+", "-", PurePosixPath(self.key).stem.lower()).strip("-")
        name = stem[:24].rstrip("-") or "model"
        self.inferred.append(f"The model is called {name!r}, after the file.")
        return name


def _written(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _by_number(label: str) -> tuple[float, str]:
    """Classes that are numbers are in their order, others in that of their letters."""
    try:
        return (float(label), label)
    except ValueError:
        return (float("inf"), label)
