"""A table that is analysed, and what a model says of its rows."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from windfall_local.engines.tables.contract import UserError
from windfall_local.engines.tables.invocations import Invocation, RefusedError
from windfall_local.engines.tables.numbers import files_in
from windfall_local.engines.tables.serving import open_container

_MANY = 0.05
"""Share of different values from which on a column of whole numbers is a quantity, not a kind."""


class Table:
    """A table with names for its columns.

    Args:
        names: Of the columns.
        cells: Text, by row and column.
        config: The analysis' configuration.
    """

    def __init__(self, names: list[str], cells: Any, config: dict[str, Any]) -> None:
        self.names = names
        self.cells = cells
        self._config = config
        self.label = self._name(config["label"]) if "label" in config else ""
        own = [self._name(config[key]) for key in _NOT_FEATURES if key in config]
        self.features = [name for name in names if name not in own]

    @classmethod
    def read(cls, folder: Path, config: dict[str, Any]) -> Table:
        """The table in a folder.

        Raises:
            UserError: It is empty, uneven, or of a kind that is not read here.
        """
        kind = config.get("dataset_type", "text/csv")
        if kind not in ("text/csv", "application/jsonlines"):
            raise UserError(f"The local Clarify does not read {kind}; it works on AWS only.")
        names, rows = config.get("headers"), []
        for path in files_in(folder):
            with path.open(encoding="utf-8-sig", newline="") as file:
                if kind == "application/jsonlines":
                    rows += list(_json_rows(file, config))
                    continue
                found = [row for row in csv.reader(file) if row]
            if config.get("headers") is None and found:
                names, *found = found
            rows += found
        if not rows:
            raise UserError("The dataset has no rows.")
        names = [str(one) for one in names or range(len(rows[0]))]
        if any(len(row) != len(names) for row in rows):
            raise UserError(f"Not every row of the dataset has its {len(names)} columns.")
        return cls(names, np.array(rows, object), config)

    def column(self, name: str) -> Any:
        """The cells of a column."""
        return self.cells[:, self.names.index(name)]

    def positive_labels(self) -> tuple[Any, str]:
        """Whose label is positive, and what that is.

        Raises:
            UserError: There is no label, or nothing that says which is positive.
        """
        wanted = self._config.get("label_values_or_threshold")
        if not self.label or not wanted:
            raise UserError("Bias metrics need a label and label_values_or_threshold.")
        return matching(self.column(self.label), wanted)

    def facets(self) -> Iterator[tuple[str, str, Any]]:
        """Of each facet its column, what makes a row belong to it, and which rows do."""
        asked = self._config.get("facet")
        if not asked:
            raise UserError("Bias metrics need a facet.")
        for facet in asked if isinstance(asked, list) else [asked]:
            name = self._name(facet["name_or_index"])
            column = self.column(name)
            values = facet.get("value_or_threshold")
            if values is None:
                # Without a value each of them is a facet of its own.
                for value in sorted(set(column)):
                    yield name, str(value), column == value
            else:
                mask, shown = matching(column, values)
                yield name, shown, mask

    def group(self) -> Any | None:
        """The column by which disparities are conditioned."""
        wanted = self._config.get("group_variable")
        return None if wanted is None else self.column(self._name(wanted))

    def numbers_without(self, name: str) -> Any | None:
        """The features without one, as numbers; None where they are not."""
        columns = [self.names.index(one) for one in self.features if one != name]
        try:
            return self.cells[:, columns].astype(float)
        except ValueError:
            return None

    def _name(self, name_or_index: Any) -> str:
        if isinstance(name_or_index, int):
            if not 0 <= name_or_index < len(self.names):
                raise UserError(f"The dataset has no column {name_or_index}.")
            return self.names[name_or_index]
        if name_or_index not in self.names:
            raise UserError(f"The dataset has no column {name_or_index!r}.")
        return str(name_or_index)


_NOT_FEATURES = ("label", "predicted_label", "joinsource_name_or_index")


def _json_rows(file: Any, config: dict[str, Any]) -> Iterator[list[Any]]:
    features, label = config.get("features"), config.get("label")
    for line in file:
        if not line.strip():
            continue
        record = json.loads(line)
        if isinstance(record, list):
            yield record
        elif isinstance(features, str) and isinstance(record.get(features), list):
            # `{"features": [1, 2], "label": 0}`: the label is the last column.
            own = [record[label]] if label in record else []
            yield [*record[features], *own]
        else:
            raise UserError(
                "A line of JSON must be an array, or have one in the member `features`."
            )


def matching(column: Any, values: list[Any]) -> tuple[Any, str]:
    """Which cells have one of some values, or lie above a threshold; and how that is written."""
    numbers = _numbers(column)
    if numbers is not None and len(values) == 1 and _is_quantity(numbers):
        threshold = float(values[0])
        return numbers > threshold, f"({values[0]}, {numbers.max():g}]"
    shown = ",".join(str(value) for value in values)
    if numbers is not None and all(_is_number(value) for value in values):
        wanted = [float(value) for value in values]
        return np.isin(numbers, wanted), shown
    return np.isin(column.astype(str), [str(value) for value in values]), shown


def _numbers(column: Any) -> Any | None:
    try:
        return column.astype(float)
    except ValueError:
        return None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_quantity(numbers: Any) -> bool:
    different = np.unique(numbers)
    whole = bool((numbers == np.floor(numbers)).all())
    return not whole or (len(different) > 2 and len(different) / len(numbers) >= _MANY)


class Judged:
    """A table, and the predictions of a model.

    Args:
        table: Its rows.
        config: The analysis' configuration, with the predictor.
        model: What serves it, its folder and its script's.
    """

    def __init__(self, table: Table, config: dict[str, Any], model: tuple[str, Path, Path]) -> None:
        self.table = table
        self.config = config
        self._predictor: dict[str, Any] = config.get("predictor") or {}
        self._container = open_container(*model)
        self._folder = Path(tempfile.mkdtemp(prefix="clarify-"))
        columns = [table.names.index(name) for name in table.features]
        self.rows = table.cells[:, columns]
        self._scores: Any = None

    def predict(self, rows: Any) -> Any:
        """A number for each row of features.

        Raises:
            UserError: The model refuses them, or answers otherwise.
        """
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows.tolist())
        said = self._ask(text.getvalue().encode())
        lines = [row for row in csv.reader(io.StringIO(said.decode("utf-8"))) if row]
        if len(lines) == 1 and len(lines[0]) == len(rows):
            # The built-in algorithm answers with one line for all.
            lines = [[cell] for cell in lines[0]]
        if len(lines) != len(rows):
            raise UserError(f"The model gave {len(lines)} predictions for {len(rows)} rows.")
        place = self._predictor.get("probability", self._predictor.get("label", 0))
        try:
            return np.array([float(line[int(place)]) for line in lines])
        except (ValueError, IndexError) as error:
            raise UserError(f"The model's prediction {lines[0]} has no number: {error}") from error

    def positive(self) -> Any:
        """Whose prediction is positive."""
        scores = self.scores()
        threshold = self.config.get("probability_threshold")
        if threshold is None and not self._are_labels(scores):
            threshold = 0.5
        if threshold is not None:
            return scores > float(threshold)
        return matching(scores, self.config["label_values_or_threshold"])[0]

    def scores(self) -> Any:
        """The predictions of the whole table."""
        if self._scores is None:
            self._scores = self.predict(self.rows)
        return self._scores

    def _are_labels(self, scores: Any) -> bool:
        return bool((scores == np.floor(scores)).all())

    def _ask(self, body: bytes) -> bytes:
        path = self._folder / "body"
        path.write_bytes(body)
        kind = self._predictor.get("content_type", "text/csv")
        accept = self._predictor.get("accept_type", "text/csv")
        if (kind, accept) != ("text/csv", "text/csv"):
            raise UserError(
                f"The local Clarify asks models in text/csv, not in {kind} and {accept}."
            )
        try:
            reply = self._container.answer(Invocation(path, kind, accept))
            said = b"".join(reply.body)
        except RefusedError as error:
            raise UserError(f"The model refused ({error.status}): {error.message}") from error
        if reply.status >= 300:
            raise UserError(f"The model refused ({reply.status}): {said.decode()}")
        return said
