"""`windfall redrive`: dead letters back to where they were meant for."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer
from botocore.exceptions import ClientError
from rich.table import Table

from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.dead_letters import QUEUES, DeadLetters
from windfall_cli.errors import CommandError
from windfall_cli.stack import open_stack


@command
def redrive(
    queue: Annotated[
        str | None, typer.Argument(help="admission or event; both without it.", metavar="QUEUE")
    ] = None,
    look: Annotated[
        bool, typer.Option("--look", help="Only say how many wait; nothing is moved.")
    ] = False,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give dead letters back, once what stopped them is mended; nothing is done twice."""
    letters = DeadLetters(open_stack(stack))
    names = _names(queue)
    if look:
        _tell({name: {"waiting": letters.waiting(name)} for name in names}, as_json)
        return
    done: dict[str, dict[str, int]] = {}
    reasons: Counter[str] = Counter()
    for name in names:
        counts = Counter({"given back": 0, "left": 0})
        for letter in letters.receive(name):
            if letter.target is None:
                reasons["nobody knows whom it was for"] += 1
                counts["left"] += 1
                continue
            try:
                letters.give_back(letter)
                counts["given back"] += 1
            except ClientError as error:
                reasons[str(error)] += 1
                counts["left"] += 1
        done[name] = dict(counts)
    _tell(done, as_json)
    if reasons:
        for reason, count in reasons.most_common():
            console.print(f"{count} left:", plain(reason), style="yellow") if not as_json else None
        raise typer.Exit(2)


def _names(queue: str | None) -> list[str]:
    if queue is None:
        return list(QUEUES)
    found = [name for name in QUEUES if name.lower().startswith(queue.lower())]
    if not found:
        raise CommandError(f"There is no dead-letter queue {queue!r}.", "admission, or event")
    return found


def _tell(counts: dict[str, dict[str, int]], as_json: bool) -> None:
    if as_json:
        print_json(counts)
        return
    columns = list(next(iter(counts.values())))
    table = Table("queue", *columns, box=None)
    for name, values in counts.items():
        table.add_row(name, *(str(values[column]) for column in columns))
    console.print(table)
