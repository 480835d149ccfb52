"""`windfall label`: what a model is least sure of, labelled by people, and learnt from again."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from windfall.contracts.base import S3Pointer
from windfall_cli.console import StackOption, command, console, plain
from windfall_cli.errors import CommandError
from windfall_cli.files import find_file, read_manifest, read_object
from windfall_cli.labelling.choosing import least_sure
from windfall_cli.labelling.manifests import Item, read_items
from windfall_cli.labelling.returning import append_rows, labelled_rows
from windfall_cli.labelling.sessions import BACK, QUIT, SKIP, Session
from windfall_cli.labelling.showing import show_item
from windfall_cli.stack import open_stack

app = typer.Typer(help="Labels by people: export what a model is unsure of, label, learn again.")

ManifestArgument = Annotated[
    Path, typer.Argument(help="A manifest of Ground Truth: a JSON object a line.")
]
PREDICTIONS = "predictions.csv"


@app.command("export")
@command
def export_rows(
    file: Annotated[str, typer.Argument(help="A table that was scored: a path, key or id.")],
    output: Annotated[Path, typer.Option("--output", help="Where the manifest goes.")] = Path(
        "to-label.manifest"
    ),
    most: Annotated[int, typer.Option("--most", help="How many rows.", min=1)] = 100,
    threshold: Annotated[
        float, typer.Option(help="From which score on a row is of the second class.", min=0, max=1)
    ] = 0.5,
    stack: StackOption = None,
) -> None:
    """Write the rows that the model is least sure of as a manifest to be labelled."""
    chosen = open_stack(stack)
    manifest = read_manifest(chosen, find_file(chosen, file))
    found = [one for one in manifest.files if one.name == PREDICTIONS]
    if not found:
        raise CommandError(f"{manifest.key} has no predictions: it was not scored.")
    body = read_object(chosen, S3Pointer(bucket=found[0].bucket, key=found[0].key))
    lines = least_sure(io.StringIO(body.decode(), newline=""), most, threshold)
    output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    console.print(f"Written: {len(lines)} rows to {plain(str(output))}")
    console.print(f"Label them: windfall label items {plain(str(output))} --classes …", style="dim")


@app.command("items")
@command
def label_items(
    manifest: ManifestArgument,
    classes: Annotated[str, typer.Option(help="The classes, in their order: no,yes")],
    output: Annotated[
        Path | None, typer.Option("--output", help="The output manifest; it is gone on with.")
    ] = None,
    attribute: Annotated[str, typer.Option(help="The label attribute.")] = "label",
    stack: StackOption = None,
) -> None:
    """Show rows or pictures one at a time and take their labels; Ctrl-C loses none."""
    target = output or manifest.with_name(f"{manifest.stem}.labelled.manifest")
    session = Session(
        items=_read(manifest),
        output=target,
        classes=[name.strip() for name in classes.split(",") if name.strip()],
        attribute=attribute,
        now=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
    )
    try:
        _ask(session, stack)
    except (KeyboardInterrupt, EOFError):
        console.print()
    console.print(
        f"{session.answered} of {len(session.items)} are labelled, in {plain(str(target))}"
    )


@app.command("import")
@command
def import_labels(
    manifest: ManifestArgument,
    table: Annotated[Path, typer.Argument(help="The CSV that the model learnt from.")],
    target: Annotated[str, typer.Option(help="The column with the class.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="Where the longer table goes.")
    ] = None,
    attribute: Annotated[
        str | None, typer.Option(help="The label attribute, where there are several.")
    ] = None,
) -> None:
    """Add the labelled rows of an output manifest to a table, to be learnt from again."""
    rows = labelled_rows(_read(manifest), attribute, str(manifest))
    if not rows:
        raise CommandError(f"Nothing in {manifest} is labelled.")
    path = output or table.with_name(f"{table.stem}-labelled{table.suffix}")
    if path.resolve() == table.resolve():
        raise CommandError("The longer table needs a name of its own: --output FILE")
    try:
        with (
            table.open(encoding="utf-8-sig", newline="") as source,
            path.open("w", encoding="utf-8", newline="") as longer,
        ):
            absent = append_rows(source, longer, rows, target)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{table} can not be read: {error}") from error
    console.print(f"Written: {len(rows)} labelled rows more, in {plain(str(path))}")
    if absent:
        console.print(f"Empty in them: {plain(', '.join(absent))}", style="yellow")
    console.print(f"Learn again: windfall drop {plain(str(path))} --profile train", style="dim")


def _read(path: Path) -> list[Item]:
    try:
        with path.open(encoding="utf-8") as lines:
            return list(read_items(lines, str(path)))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} can not be read: {error}") from error


def _ask(session: Session, stack: str | None) -> None:
    answers = "  ".join(f"[bold]{place}[/] {name}" for place, name in enumerate(session.classes, 1))
    while (item := session.current) is not None:
        console.rule(f"{session.answered + 1} of {len(session.items)}")
        console.print(show_item(item, stack))
        console.print(f"{answers}  [dim]{SKIP} later  {BACK} back  {QUIT} quit[/]")
        given = console.input("> ").strip()
        if given == QUIT:
            return
        if not session.answer(given):
            console.print("Type the number of a class, or its name.", style="yellow")
