"""Following dropped files to their end, with a line for each that moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from rich.markup import escape
from rich.padding import Padding
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from windfall.ports.insights import ANALYZING, FileRow
from windfall_cli.console import console, plain
from windfall_cli.files import count_outcomes, reader
from windfall_cli.inbox import DroppedFile, pauses
from windfall_cli.render import STATUS_STYLES
from windfall_cli.stack import Stack

LONGEST_NAME = 40
STANDSTILL_SECONDS = 180.0


class Patience:
    """Is over when nothing has moved for so many seconds, and nothing is under way."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._moved = (-1, clock())

    def is_over(self, count: int, is_under_way: bool) -> bool:
        """Tell it how much has moved by now."""
        if is_under_way or count != self._moved[0]:
            self._moved = (count, self._clock())
        return self._clock() - self._moved[1] > self._seconds


def follow_files(
    stack: Stack,
    dropped: Sequence[DroppedFile],
    quiet: bool = False,
    seen: Mapping[str, int] | None = None,
) -> dict[str, FileRow]:
    """Wait until every file has ended; Ctrl-C stops the waiting, never the work.

    Args:
        stack: Whose files they are.
        dropped: The files.
        quiet: Show nothing.
        seen: Of files that were asked for again: the revision that they had before. When for three
            minutes none of them is taken on, those that were not are given up.

    Returns:
        The last row of each file, by its id; without those that were given up.
    """
    before = seen or {}
    patience = Patience(STANDSTILL_SECONDS)
    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    names = {one.file_id: one.key for one in dropped}
    rows = reader(stack)
    ended: dict[str, FileRow] = {}
    with Progress(*columns, console=console, disable=quiet, transient=True) as progress:
        lines = {
            file_id: progress.add_task(_line(key, "waiting for admission"))
            for file_id, key in names.items()
        }
        for _ in pauses():
            waiting = [file_id for file_id in names if file_id not in ended]
            if not waiting:
                break
            found = rows.files(waiting)
            taken_on = [row for row in found.values() if row.revision > before.get(row.file_id, 0)]
            if before and patience.is_over(len(ended) + len(taken_on), bool(taken_on)):
                break
            for row in taken_on:
                file_id = row.file_id
                if row.status != ANALYZING:
                    ended[file_id] = row
                if not quiet:
                    _move(stack, progress, lines[file_id], row)
    return ended


def _move(stack: Stack, progress: Progress, line: TaskID, row: FileRow) -> None:
    if row.status == ANALYZING:
        done = count_outcomes(stack, row)
        progress.update(line, description=_line(row.key, f"{done} features done"))
        return
    progress.update(line, visible=False)
    seconds = "" if row.seconds is None else f"  {row.seconds:.1f} s"
    end = Text.assemble((f"{row.status:9}", STATUS_STYLES[row.status]), seconds)
    progress.console.print(end, plain(row.key))
    if row.reason:
        progress.console.print(Padding(plain(row.reason), (0, 0, 0, 2)))


def _line(key: str, state: str) -> str:
    name = plain(key).plain
    short = name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"
    return f"{escape(short)}  {state}"
