"""`windfall show` and `windfall status`: what was found, and how files stand."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import Manifest
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.files import (
    draw_insights,
    find_file,
    read_engine,
    read_manifest,
    read_object,
    read_results,
    reader,
)
from windfall_cli.render import STATUS_STYLES, render_insights
from windfall_cli.stack import Stack, open_stack


@command
def show(
    file: Annotated[str, typer.Argument(help="A path, a key, or an id (its beginning will do).")],
    everything: Annotated[bool, typer.Option("--all", help="Every row of every table.")] = False,
    picture: Annotated[
        Path | None,
        typer.Option(help="Write what was found, drawn over the picture or as a chart, as PNG."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Copy every result into this folder.", metavar="FOLDER")
    ] = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was found in a file, and where its results lie."""
    chosen = open_stack(stack)
    manifest = read_manifest(chosen, find_file(chosen, file))
    results = read_results(chosen, manifest)
    if as_json:
        print_json({"manifest": manifest.model_dump(mode="json"), "results": results})
    else:
        console.print(render_insights(manifest, results, everything, read_engine(chosen, manifest)))
    if picture is not None:
        _write_picture(chosen, manifest, results, picture, as_json)
    if save is not None:
        _save(chosen, manifest, save, as_json)


@command
def status(
    most: Annotated[int, typer.Option("--most", help="How many files to list.", min=1)] = 20,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the newest files and how they stand."""
    rows = reader(open_stack(stack)).recent(most)
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    if not rows:
        console.print("No file was dropped in the last month: windfall drop FILE")
        return
    table = Table("file", "id", "status", "kind", "seconds", "received", box=None)
    for row in rows:
        table.add_row(
            plain(row.key),
            row.file_id[:8],
            f"[{STATUS_STYLES[row.status]}]{row.status}[/]",
            row.kind or "",
            "" if row.seconds is None else f"{row.seconds:.1f}",
            row.received[:19].replace("T", " "),
        )
    console.print(table)


@command
def search(
    words: Annotated[str, typer.Argument(help="A label, name, phrase, or line of text.")],
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the files in which something was found, surest first."""
    found = reader(open_stack(stack)).search(words)
    if as_json:
        print_json([{**asdict(one), "file": one.file._asdict()} for one in found])
        return
    if not found:
        console.print(plain(f"Nothing is called {words!r}; terms are compared as a whole."))
        return
    table = Table("file", "id", "found as", "score", "times", box=None)
    for one in found:
        kind = plain(f"{one.type}: {one.text}")
        score = f"{one.score:.0f} %"
        table.add_row(plain(one.file.key), one.file.file_id[:8], kind, score, str(one.count))
    console.print(table)


def _write_picture(
    stack: Stack, manifest: Manifest, results: dict[str, object], target: Path, quiet: bool
) -> None:
    target.write_bytes(draw_insights(stack, manifest, results))
    if not quiet:
        console.print(f"Drawn: {plain(str(target))}")


def _save(stack: Stack, manifest: Manifest, folder: Path, quiet: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in manifest.files:
        # A result's name is ours, but a folder must not be left whatever a manifest says.
        target = folder.joinpath(*(part for part in Path(file.name).parts if part.strip("./")))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(read_object(stack, S3Pointer(bucket=file.bucket, key=file.key)))
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2))
    if not quiet:
        console.print(f"Copied {len(manifest.files) + 1} files into {plain(str(folder))}")
