"""From a row's cells to what the model is sent, or to what is wrong with the row and where."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from windfall.contracts.input_contract import (
    ColumnContract,
    ColumnEncoding,
    ColumnType,
    InputContract,
)
from windfall.errors import InvalidInputError

NO_VALUE = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"})
"""What stands for "no value" in the cells of numbers and categories, as the common tools write it.
"""
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})
_LONGEST_SHOWN = 40

Feature = str | None
"""What the model is sent for a cell, as CSV writes it; None for a missing one."""


class RowProblemError(Exception):
    """A row that the model does not take; `reason` is for a person. Inner to Windfall."""

    def __init__(self, reason: str, column: str | None = None) -> None:
        where = "" if column is None else f"column {column}: "
        super().__init__(f"{where}{reason}")


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a column lies in the row, and what its cells become."""

    name: str
    place: int
    features: Callable[[str], Sequence[Feature]]


class Fitting:
    """Turns the rows of one table into a model's features.

    Args:
        contract: What the model takes.
        header: The table's columns; it may have more than the model takes, in any order.
        decimal: The mark before a fraction in the table's numbers.

    Raises:
        InvalidInputError: A column that the model takes is not there.
    """

    def __init__(self, contract: InputContract, header: Sequence[str], decimal: str = ".") -> None:
        places = {name: place for place, name in enumerate(header)}
        missing = [one.column for one in contract.columns if one.column not in places]
        if missing:
            raise InvalidInputError(f"The model's column {missing[0]!r} can not be found.")
        self._width = len(header)
        no_value = NO_VALUE | set(contract.missing_values)
        self._cells = [
            _Cell(column.column, places[column.column], _reading(column, no_value, decimal))
            for column in contract.columns
        ]
        self._numbers = decimal == "." and all(map(_is_any_number, contract.columns))
        self._pick = _picking([cell.place for cell in self._cells])
        self.names = [name for column in contract.columns for name in names_of(column)]
        self.numeric = [numeric for column in contract.columns for numeric in _are_numeric(column)]

    def features(self, cells: Sequence[str]) -> list[Feature]:
        """What the model is sent for a row: as many features as there are `names`.

        Raises:
            RowProblemError: The row does not fit; the first column that does not is named.
        """
        check_width(cells, self._width)
        if self._numbers and _are_plain_numbers(picked := self._pick(cells)):
            return list(picked)
        found: list[Feature] = []
        for cell in self._cells:
            try:
                found += cell.features(cells[cell.place])
            except ValueError as error:
                raise RowProblemError(str(error), cell.name) from error
        return found


class PlainFitting:
    """Without a contract: cells are sent as they stand.

    Args:
        columns: What is sent, in this order.
        header: The table's columns.
    """

    def __init__(self, columns: Sequence[str], header: Sequence[str]) -> None:
        places = {name: place for place, name in enumerate(header)}
        missing = [name for name in columns if name not in places]
        if missing:
            raise InvalidInputError(f"The model's column {missing[0]!r} can not be found.")
        self._width = len(header)
        self._places = [places[name] for name in columns]
        self.names = list(columns)
        self.numeric = [False] * len(columns)

    def features(self, cells: Sequence[str]) -> list[Feature]:
        """The row's cells.

        Raises:
            RowProblemError: The row has too few cells, or too many.
        """
        check_width(cells, self._width)
        return [cells[place] for place in self._places]


def check_width(cells: Sequence[str], width: int) -> None:
    """Whether a row has as many cells as there are columns.

    Raises:
        RowProblemError: It has not.
    """
    if len(cells) != width:
        raise RowProblemError(f"it has {len(cells)} cells where the header has {width}")


def _picking(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """Picks the cells at these places."""
    if len(places) == 1:
        return lambda cells: (cells[places[0]],)
    return itemgetter(*places)


def _is_any_number(column: ColumnContract) -> bool:
    """Whether every finite number is fine, as it stands."""
    return (
        column.type is ColumnType.NUMBER
        and column.encoding is ColumnEncoding.PLAIN
        and column.minimum is None
        and column.maximum is None
    )


def _are_plain_numbers(cells: Sequence[str]) -> bool:
    """Whether all of them are numbers that can be sent as they stand.

    Most rows of most tables are: looked at all at once, they cost a tenth of what they cost cell
    by cell. Whatever is odd about one (empty, spaces, no number) is seen cell by cell.
    """
    try:
        total = sum(map(float, cells))
    except ValueError:
        return False
    joined = "".join(cells)
    is_odd = "_" in joined or " " in joined or not joined.isascii() or not joined.isprintable()
    return total - total == 0 and not is_odd


def names_of(column: ColumnContract) -> list[str]:
    """The features that a column becomes."""
    if column.encoding is ColumnEncoding.ONE_HOT:
        return [f"{column.name}={category}" for category in column.categories]
    return [column.name]


def _are_numeric(column: ColumnContract) -> list[bool]:
    plain = column.encoding is ColumnEncoding.PLAIN
    numeric = not plain or column.type not in {ColumnType.CATEGORY, ColumnType.TEXT}
    return [numeric] * len(names_of(column))


def _reading(
    column: ColumnContract, no_value: frozenset[str], decimal: str
) -> Callable[[str], Sequence[Feature]]:
    if column.encoding is ColumnEncoding.IS_ONE_OF:
        return _membership(column)
    match column.type:
        case ColumnType.NUMBER | ColumnType.INTEGER:
            return _number(column, no_value, decimal)
        case ColumnType.BOOLEAN:
            return _boolean(column, no_value)
        case ColumnType.CATEGORY:
            return _category(column, no_value)
        case ColumnType.TEXT:
            return _text(column)


def _number(
    column: ColumnContract, no_value: frozenset[str], decimal: str
) -> Callable[[str], Sequence[Feature]]:
    least, most = column.minimum, column.maximum
    is_bounded = least is not None or most is not None
    is_whole = column.type is ColumnType.INTEGER
    article = "no whole number" if is_whole else "not a number"

    def read(cell: str) -> Sequence[Feature]:
        text = cell.strip()
        if text in no_value:
            return _missing(column)
        if decimal == ",":
            text = text.replace(",", ".", 1)
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{_shown(cell)} is {article}") from None
        # Python's own spellings (1_000, inf, other scripts' digits) are no table's.
        is_foreign = value - value != 0 or "_" in text or not text.isascii()
        if is_foreign or (is_whole and not value.is_integer()):
            raise ValueError(f"{_shown(cell)} is {article}")
        if is_bounded and (
            (least is not None and value < least) or (most is not None and value > most)
        ):
            raise ValueError(f"{_shown(cell)} is out of its range ({_range(least, most)})")
        return (text,)

    return read


def _boolean(
    column: ColumnContract, no_value: frozenset[str]
) -> Callable[[str], Sequence[Feature]]:
    def read(cell: str) -> Sequence[Feature]:
        text = cell.strip()
        if text in no_value:
            return _missing(column)
        folded = text.lower()
        if folded not in _TRUE and folded not in _FALSE:
            raise ValueError(f"{_shown(cell)} is neither true nor false")
        return ("1" if folded in _TRUE else "0",)

    return read


def _category(
    column: ColumnContract, no_value: frozenset[str]
) -> Callable[[str], Sequence[Feature]]:
    known = {category: _encoded(column, place) for place, category in enumerate(column.categories)}
    none_of_them = _encoded(column, -1)

    def read(cell: str) -> Sequence[Feature]:
        text = cell.strip()
        found = known.get(text)
        if found is not None:
            return found
        if text in no_value:
            if not column.missing:
                raise ValueError("there is no value")
            return none_of_them if column.encoding is not ColumnEncoding.PLAIN else (None,)
        if not known:
            return (text,)
        if not column.unseen:
            raise ValueError(f"{_shown(cell)} is no category that the model knows")
        return none_of_them if column.encoding is not ColumnEncoding.PLAIN else (text,)

    return read


def _encoded(column: ColumnContract, place: int) -> Sequence[Feature]:
    match column.encoding:
        case ColumnEncoding.ONE_HOT:
            return tuple("1" if one == place else "0" for one in range(len(column.categories)))
        case ColumnEncoding.INDEX:
            return (str(place),)
    return (column.categories[place] if place >= 0 else None,)


def _membership(column: ColumnContract) -> Callable[[str], Sequence[Feature]]:
    members = frozenset(column.categories)
    return lambda cell: ("1" if cell.strip() in members else "0",)


def _text(column: ColumnContract) -> Callable[[str], Sequence[Feature]]:
    def read(cell: str) -> Sequence[Feature]:
        return (cell,) if cell.strip() else _missing(column)

    return read


def _missing(column: ColumnContract) -> Sequence[Feature]:
    if not column.missing:
        raise ValueError("there is no value")
    return (None,)


def _shown(cell: str) -> str:
    """A cell within a reason: one line, not too long."""
    line = " ".join(cell.split())
    return repr(line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…")


def _range(least: float | None, most: float | None) -> str:
    if least is None or most is None:
        return f"at least {least:g}" if least is not None else f"at most {most:g}"
    return f"{least:g} to {most:g}"


def as_json(names: Sequence[str], numeric: Sequence[bool], features: Sequence[Feature]) -> str:
    """A row as an object: numbers as they were written, the rest as strings, missing as null."""
    members = (
        f"{json.dumps(name, ensure_ascii=False)}: {_json(feature, is_numeric)}"
        for name, is_numeric, feature in zip(names, numeric, features, strict=True)
    )
    return "{" + ", ".join(members) + "}"


def _json(feature: Feature, is_numeric: bool) -> str:
    if feature is None:
        return "null"
    if is_numeric:
        return feature if _is_json_number(feature) else repr(float(feature))
    return json.dumps(feature, ensure_ascii=False)


def _is_json_number(text: str) -> bool:
    """Whether a number stands as JSON would write it; `+1`, `.5` and `007` do not."""
    digits = text.removeprefix("-")
    leading = digits[:1]
    return (
        leading.isdigit()
        and digits[-1:].isdigit()
        and not (leading == "0" and digits[1:2].isdigit())
    )
