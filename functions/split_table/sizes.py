"""How large a table becomes as features, and whether that can be trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windfall.contracts.input_contract import ColumnEncoding
from windfall.errors import InvalidInputError

if TYPE_CHECKING:
    from windfall.contracts.input_contract import ColumnContract, InputContract

MOST_GIGABYTES = 20
"""What split_table can write within its time, at some 40 MB a second."""
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


def _bytes_made(column: ColumnContract) -> int:
    """What a column adds to each row, beyond its own cell: a digit and a comma for a feature."""
    match column.encoding:
        case ColumnEncoding.ONE_HOT:
            return 2 * len(column.categories)
        case ColumnEncoding.IS_ONE_OF:
            return 2
    return 0
