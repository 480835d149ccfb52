"""Following dropped files to their end, with a line for each that moves."""

from __future__ import annotations

from collections.abc import Sequence

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from windfall_cli.console import console, plain
from windfall_cli.files import FileState, count_outcomes, read_states
from windfall_cli.inbox import DroppedFile, pauses
from windfall_cli.render import STATUS_STYLES
from windfall_cli.stack import Stack


def follow_files(
    stack: Stack, dropped: Sequence[DroppedFile], quiet: bool = False
) -> dict[str, FileState]:
    """Wait until every file has ended; Ctrl-C stops the waiting, never the work.

    Returns:
        The last state of each file, by its id.
    """
    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    with Progress(*columns, console=console, disable=quiet) as progress:
        lines = {
            one.file_id: progress.add_task(_line(one.key, "waiting for admission"), total=1)
            for one in dropped
        }
        names = {one.file_id: one.key for one in dropped}
        ended: dict[str, FileState] = {}
        for _ in pauses():
            waiting = [file_id for file_id in names if file_id not in ended]
            if not waiting:
                break
            for file_id, state in read_states(stack, waiting).items():
                if state.has_ended:
                    ended[file_id] = state
                if not quiet:
                    _move(stack, progress, lines[file_id], state)
    return ended


def _move(stack: Stack, progress: Progress, line: TaskID, state: FileState) -> None:
    if state.has_ended:
        style = STATUS_STYLES[state.status]
        reason = f" {plain(state.reason).plain}" if state.reason else ""
        text = _line(state.key, f"[{style}]{state.status}[/]{reason}")
        progress.update(line, description=text, completed=1)
    else:
        done = count_outcomes(stack, state.file_id)
        progress.update(line, description=_line(state.key, f"{done} features done"))


def _line(key: str, state: str) -> str:
    name = plain(key).plain
    short = name if len(name) <= 40 else f"…{name[-39:]}"
    return f"{short.replace('[', chr(92) + '['):40} {state}"
