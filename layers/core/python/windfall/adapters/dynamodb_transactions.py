"""Transactions on rows that many write: who meets another one waits a moment and tries again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from windfall.adapters.aws_errors import translated_errors
from windfall.errors import TransientError

_TRIES = 12
_LONGEST_PAUSE = 0.8
"""Seconds; with full jitter, a hundred writers of one row get through."""


def transact(
    client: Any, changes: Sequence[dict[str, Any]], pause: Callable[[float], None] = time.sleep
) -> None:
    """Write all of the changes or none.

    Raises:
        ConflictError: A condition does not hold.
        TransientError: Others write the same rows all the time.
    """
    for attempt in range(_TRIES):
        try:
            with translated_errors():
                client.transact_write_items(TransactItems=changes)
            return
        except TransientError:
            if attempt == _TRIES - 1:
                raise
            pause(random.uniform(0, min(_LONGEST_PAUSE, 0.02 * 2**attempt)))
