"""`windfall trace`: what happened to a file, from the drop to each paid call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windfall.adapters.dynamodb import DynamoInsightsIndex
from windfall.contracts.manifest import Manifest
from windfall.ports.insights import ANALYZING
from windfall.pricing import PriceList
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.errors import CommandError
from windfall_cli.files import find_file, read_manifest, reader
from windfall_cli.stack import Stack, open_stack
from windfall_cli.trace_payments import mark_payments
from windfall_cli.trace_reading import read_trace
from windfall_cli.trace_views import document_of, picture_of, table_of
from windfall_cli.traces import FileTrace


@command
def trace(
    file: Annotated[str, typer.Argument(help="A path, a key, or an id (its beginning will do).")],
    everything: Annotated[bool, typer.Option("--all", help="Every call and every state.")] = False,
    picture: Annotated[
        Path | None, typer.Option(help="Write the waterfall, as SVG.", metavar="FILE")
    ] = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what happened to a file, when, and what was paid for on the way."""
    chosen = open_stack(stack)
    file_id = find_file(chosen, file)
    key, received, wanted, manifest = _wanted(chosen, file_id)
    found = read_trace(chosen, key, received, wanted)
    if manifest is not None:
        mark_payments(found, manifest, PriceList.of_region(chosen.region))
    if as_json:
        print_json({"file_id": file_id, "key": key, **document_of(found)})
    else:
        _show(found, key, everything=everything)
    if picture is not None:
        picture.write_text(picture_of(found, key, everything=everything), encoding="utf-8")
        if not as_json:
            console.print(f"Drawn: {plain(str(picture))}")


def _wanted(stack: Stack, file_id: str) -> tuple[str, str, list[str], Manifest | None]:
    """The file's key, when it came, the ids of its traces, and its manifest once there is one."""
    insights = reader(stack).file(file_id)
    if insights is not None and insights.file.status == ANALYZING:
        row = insights.file
        index = DynamoInsightsIndex(stack.output("InsightsTableName"), stack.client("dynamodb"))
        analysis = index.analysis(row.analysis_id or "")
        found = None if analysis is None else analysis.subject.trace_id
        return row.key, row.received, _known(row.key, [found]), None
    manifest = read_manifest(stack, file_id)
    ids = _known(manifest.key, [manifest.trace_id, manifest.analysis_trace_id])
    return manifest.key, manifest.received, ids, manifest


def _known(key: str, ids: list[str | None]) -> list[str]:
    known = [one for one in ids if one is not None]
    if not known:
        raise CommandError(
            f"{key} was not traced.",
            "The template's TracedFilesPercent says how many files are; old ones have no trace. "
            "Have it traced: windfall rerun --force FILE",
        )
    return known


def _show(found: FileTrace, key: str, *, everything: bool) -> None:
    console.print(plain(f"{key}: {found.end - found.start:.3f} s, trace {', '.join(found.ids)}"))
    console.print(table_of(found, console.width, everything=everything))
    for feature, call in found.missing:
        console.print(
            plain(f"{feature}: {call} is not in this trace; an earlier one paid for it."),
            style="yellow",
        )
    if found.is_full:
        console.print("X-Ray took no more in: the trace is longer than this.", style="yellow")
