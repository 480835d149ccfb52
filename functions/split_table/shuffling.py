"""Held-out rows with one column shuffled at a time: what the model loses tells the column's worth.

The shuffled rows are scored together with the others, so it works for any model, needs nothing of
its inside, and is measured on rows that it never saw (permutation importance: Breiman 2001; Fisher,
Rudin and Dominici 2019). A column is shuffled in the table, so that all the features that are made
of it, be they one-hot or derived, move together.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windfall.contracts.input_contract import InputContract
    from windfall.tables.fitting import Feature, Fitting

MOST_ROWS = 2_000
"""Rows that are shuffled for each column; an AUC of them is known to about a hundredth."""
MOST_SHUFFLED = 100_000
"""Rows of all columns together: what is scored beside the held-out ones stays within reason."""


def shuffled_columns(contract: InputContract) -> list[str]:
    """The table's columns that the model takes, each once."""
    return list(dict.fromkeys(column.column for column in contract.columns))


def rows_to_shuffle(columns: Sequence[str]) -> int:
    """How many rows are shuffled in each of the columns."""
    return min(MOST_ROWS, max(1, MOST_SHUFFLED // len(columns)))


def shuffled_rows(
    columns: Sequence[str],
    sample: Sequence[Sequence[str]],
    header: Sequence[str],
    fitting: Fitting,
    seed: int,
) -> Iterator[list[Feature]]:
    """The features of the sampled rows, once for each column that is shuffled in them."""
    places = {name: place for place, name in enumerate(header)}
    dice = random.Random(seed)
    for column in columns:
        place = places[column]
        cells = [row[place] for row in sample]
        dice.shuffle(cells)
        for row, cell in zip(sample, cells, strict=True):
            yield fitting.features([*row[:place], cell, *row[place + 1 :]])
