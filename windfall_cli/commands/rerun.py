"""`windfall rerun`: files again, of which only what failed or what settings add is paid for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from windfall.contracts.manifest import FileStatus
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.errors import CommandError
from windfall_cli.files import find_file, read_manifest, reader
from windfall_cli.follow import follow_files
from windfall_cli.inbox import DroppedFile
from windfall_cli.render import STATUS_STYLES
from windfall_cli.reruns import (
    ANALYZED,
    UNFINISHED,
    Again,
    Choosing,
    LeftOut,
    ask,
    moment_since,
    request_of,
)
from windfall_cli.stack import Stack, open_stack

_DAYS_BACK = 30
_LISTED = 30


@command
def rerun(
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Paths, keys, or ids (their beginning will do).", metavar="FILE…"),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Files of which something failed.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(help="Files since then: 2h, 7d, 2026-11-01; 30d without it.", metavar="WHEN"),
    ] = None,
    profile_changed: Annotated[
        bool, typer.Option("--profile-changed", help="Files that other settings hold for by now.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Pay for everything anew, whatever is there.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be asked for.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the files to their end.")] = False,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for files again: what failed or was skipped, and what their settings add by now."""
    chosen = open_stack(stack)
    ids = _ids(chosen, files or [], since, is_chosen=failed or profile_changed)
    choosing = Choosing(chosen, force=force, by_settings=profile_changed)
    statuses = UNFINISHED if failed else () if files else ANALYZED
    found = list(choosing.of(ids, statuses))
    again = [one for one in found if isinstance(one, Again)]
    if not as_json:
        left = [one for one in found if isinstance(one, LeftOut)]
        _show(again, left, force=force, by_settings=profile_changed)
    if not dry_run:
        plain_request = profile_changed and not force
        requests = [request_of(one, force=force, rerun=not plain_request) for one in again]
        _ask(chosen, requests, quiet=as_json)
    if wait and not dry_run:
        _wait(chosen, again, as_json)
    elif as_json:
        print_json([_document(one) for one in found])


def _ids(stack: Stack, files: Sequence[str], since: str | None, *, is_chosen: bool) -> list[str]:
    """The files that are named, else those since a moment."""
    if files:
        if since is not None:
            raise CommandError("Files are named, or chosen by --since; not both.")
        return [find_file(stack, name) for name in files]
    if since is None and not is_chosen:
        raise CommandError(
            "No file is named.", "windfall rerun FILE…, or --failed, --profile-changed, --since 2h"
        )
    now = datetime.now(UTC)
    moment = now - timedelta(days=_DAYS_BACK) if since is None else moment_since(since, now)
    return [row.file_id for row in reader(stack).since(moment)]


def _show(
    again: Sequence[Again], left: Sequence[LeftOut], *, force: bool, by_settings: bool
) -> None:
    if again:
        table = Table("file", "id", "status", "again", box=None)
        for one in again[:_LISTED]:
            row = one.row
            features = ", ".join(one.features) or _untold(one, by_settings=by_settings)
            status = f"[{STATUS_STYLES[row.status]}]{row.status}[/]"
            table.add_row(plain(row.key), row.file_id[:8], status, plain(features))
        console.print(table)
    if len(again) > _LISTED:
        console.print(f"and {len(again) - _LISTED:,} more", style="dim")
    if force and again:
        costs = [one.cost for one in again if one.cost is not None]
        unknown = len(again) - len(costs)
        also = f", and what {unknown:,} of them cost is not known" if unknown else ""
        console.print(f"All of it is paid for anew; it cost ${sum(costs):,.4f} before{also}.")
    for other in left[:_LISTED]:
        console.print("left out:", plain(f"{other.row.key}: {other.reason}"), style="yellow")
    if not again:
        console.print("No file is to be asked for again.")


def _untold(again: Again, *, by_settings: bool) -> str:
    """What is found again of a file of which no feature is named."""
    if again.row.status == FileStatus.FAILED.value:
        return "all that it lacks"
    return "less than before" if by_settings else "nothing: all is there"


def _ask(stack: Stack, requests: Sequence[dict[str, Any]], *, quiet: bool) -> None:
    columns = (
        TextColumn("asking for files"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=quiet, transient=True) as progress:
        line = progress.add_task("", total=len(requests))
        for put in ask(stack, requests):
            progress.advance(line, put)
    if requests and not quiet:
        files = "1 file" if len(requests) == 1 else f"{len(requests):,} files"
        console.print(f"Asked for {files}.")


def _wait(stack: Stack, again: Sequence[Again], as_json: bool) -> None:
    files = [
        DroppedFile(one.row.file_id, one.row.bucket, one.row.key, one.row.version_id or "", "")
        for one in again
    ]
    seen = {one.row.file_id: one.row.revision for one in again}
    states = follow_files(stack, files, quiet=as_json, seen=seen)
    if as_json:
        print_json([read_manifest(stack, one.file_id).model_dump(mode="json") for one in files])
    for one in files:
        if one.file_id not in states and not as_json:
            console.print("not taken on:", plain(one.key), style="yellow")
    if len(states) < len(files) or any(state.status in UNFINISHED for state in states.values()):
        raise typer.Exit(2)


def _document(one: Again | LeftOut) -> dict[str, Any]:
    row = one.row
    known = {"file_id": row.file_id, "bucket": row.bucket, "key": row.key, "status": row.status}
    if isinstance(one, LeftOut):
        return {**known, "left_out": one.reason}
    return {**known, "again": one.features, "cost_before": one.cost}
