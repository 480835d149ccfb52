"""`windfall approve` and `windfall reject`: what becomes of files that are held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from windfall.contracts.arrivals import FileApproved, FileDeclined
from windfall.contracts.manifest import FileStatus
from windfall.ports.insights import FileRow
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.errors import CommandError
from windfall_cli.files import find_file, put_event, read_manifest, reader
from windfall_cli.stack import Stack, open_stack

_MOST = 10_000
"""Recent files that are looked through for those that are held."""

FilesArgument = Annotated[
    list[str] | None, typer.Argument(help="Paths, keys, or ids (their beginnings will do).")
]
AllOption = Annotated[bool, typer.Option("--all", help="All that are held.")]


@command
def approve(
    files: FilesArgument = None,
    everything: AllOption = False,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let held files be analyzed, whatever they cost; again is harmless."""
    chosen = open_stack(stack)
    rows = _held(chosen, files or [], everything)
    for row in rows:
        put_event(chosen, FileApproved(file_id=row.file_id, revision=row.revision))
    _tell(chosen, rows, "Approved", as_json)


@command
def reject(
    files: FilesArgument = None,
    everything: AllOption = False,
    reason: Annotated[str, typer.Option(help="Why, for who reads the manifest.")] = "Not approved.",
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """End held files as rejected; nothing is paid for them."""
    chosen = open_stack(stack)
    rows = _held(chosen, files or [], everything)
    for row in rows:
        event = FileDeclined(file_id=row.file_id, revision=row.revision, reason=reason[:500])
        put_event(chosen, event)
    _tell(chosen, rows, "Rejected", as_json)


def _held(stack: Stack, names: Sequence[str], everything: bool) -> list[FileRow]:
    if everything == bool(names):
        raise CommandError("Name the files, or say --all.", "See what is held: windfall status")
    return list(_all_held(stack) if everything else _named(stack, names))


def _all_held(stack: Stack) -> Iterator[FileRow]:
    recent = reader(stack).recent(_MOST)
    return (row for row in recent if row.status == FileStatus.HELD)


def _named(stack: Stack, names: Sequence[str]) -> Iterator[FileRow]:
    ids = {name: find_file(stack, name) for name in names}
    rows = reader(stack).files(ids.values())
    for name, file_id in ids.items():
        row = rows.get(file_id)
        if row is None:
            raise CommandError(f"{name} was not admitted yet.", "windfall status")
        if row.status != FileStatus.HELD:
            raise CommandError(f"{name} is not held: it is {row.status}.", "windfall status")
        yield row


def _tell(stack: Stack, rows: Sequence[FileRow], done: str, as_json: bool) -> None:
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    if not rows:
        console.print("No file is held.")
    for row in rows:
        hold = read_manifest(stack, row.file_id).hold
        cost = "" if hold is None else f"  about ${hold.cost:.4f}"
        console.print(f"{done}:", plain(row.key), f"[dim]{row.file_id[:8]}{cost}[/]")
