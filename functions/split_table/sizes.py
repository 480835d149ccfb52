"""How large a table's two sides become, and whether they can be trained on and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windfall.contracts.input_contract import ColumnEncoding
from windfall.errors import InvalidInputError

if TYPE_CHECKING:
    from windfall.contracts.input_contract import ColumnContract, InputContract

MOST_GIGABYTES = 20
"""What split_table can write within its time, at some 40 MB a second."""
MOST_SCORES_HELD_OUT = 2_000_000
"""Scores of held-out rows, one a class and row: evaluate_model holds and sorts them all."""
_TOO_MANY = 2
"""Times that: shares of groups are no more than about right, and there is memory for it."""
_GIGABYTE = 1_000_000_000


def check_size(contract: InputContract, rows: int, table_bytes: float, volume: int) -> None:
    """Refuse what would fit neither onto the training's volume nor into a function's time.

    Args:
        contract: What the model is sent.
        rows: To learn from.
        table_bytes: Of these rows, as they stand in the table.
        volume: Gigabytes of the instance that trains.

    Raises:
        InvalidInputError: The rows are too large as features.
    """
    about = table_bytes + rows * sum(map(_bytes_made, contract.columns))
    most = min(volume, MOST_GIGABYTES)
    if about <= most * _GIGABYTE:
        return
    widest = max(contract.columns, key=_bytes_made)
    made = (
        f"; {widest.name!r} alone becomes {len(widest.categories)} of them"
        if _bytes_made(widest)
        else ""
    )
    where = (
        f"fit onto the training's volume (table.train.volume_gigabytes is {volume})"
        if volume <= MOST_GIGABYTES
        else "can be written at the most"
    )
    raise InvalidInputError(
        f"As features the rows to learn from are about {about / _GIGABYTE:,.0f} GB, and {most} GB"
        f" {where}{made}. Drop columns of many categories (table.train.drop), or train by a script,"
        " which gets the cells as they are."
    )


def check_held_out(rows: int, classes: int) -> None:
    """Refuse more held-out rows than evaluate_model can sort: groups and times come in any size.

    Args:
        rows: That are held out.
        classes: That the model tells apart; none for numbers.

    Raises:
        InvalidInputError: There are far more than were asked for.
    """
    scores = rows * max(2, classes)
    if scores > _TOO_MANY * MOST_SCORES_HELD_OUT:
        raise InvalidInputError(
            f"The split holds out {rows:,} rows, and no more than"
            f" {MOST_SCORES_HELD_OUT // max(2, classes):,} can be judged at once. Choose another"
            " column to split by (table.train.split), or another method."
        )


def _bytes_made(column: ColumnContract) -> int:
    """What a column adds to each row, beyond its own cell: a digit and a comma for a feature."""
    match column.encoding:
        case ColumnEncoding.ONE_HOT:
            return 2 * len(column.categories)
        case ColumnEncoding.IS_ONE_OF:
            return 2
    return 0
