"""`windfall models`: the engines' model files."""

from __future__ import annotations

import typer
from rich.table import Table

from windfall_cli.console import JsonOption, command, console, print_json
from windfall_cli.errors import CommandError
from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.models import ModelState, ModelStore

app = typer.Typer(help="The engines' model files: what is there, and fetching what is missing.")


@app.command("list")
@command
def list_models(as_json: JsonOption = False) -> None:
    """Show every model: what it serves, whether it is there, its size and its licence."""
    _show(ModelStore().states(), as_json)


@app.command("pull")
@command
def pull_models(as_json: JsonOption = False) -> None:
    """Fetch what is missing, once; verified, and never again asked for at run time."""
    store = ModelStore()
    before = store.states()
    missing = [state for state in before if state.status != "installed"]
    if missing and not as_json:
        console.print(
            f"Fetching {len(missing)} models, {_megabytes(sum(s.size for s in missing))}, "
            f"into {store.directory}"
        )
    try:
        states = store.pull(progress=(lambda _: None) if as_json else console.print)
    except EngineUnavailableError as error:
        raise CommandError(
            str(error), "What is there already works; what is missing is skipped with the reason."
        ) from error
    if missing or as_json:
        _show(states, as_json)


def _show(states: list[ModelState], as_json: bool) -> None:
    if as_json:
        print_json([_document(state) for state in states])
        return
    table = Table("model", "serves", "state", "size", "licence", box=None, header_style="bold")
    for state in states:
        style = {"installed": "green", "missing": "red"}.get(state.status, "yellow")
        table.add_row(
            state.model.name,
            state.model.serves,
            f"[{style}]{state.status}[/]",
            _megabytes(state.size),
            state.model.licence,
        )
    console.print(table)
    for obstacle in dict.fromkeys(s.obstacle for s in states if s.status != "installed"):
        if obstacle:
            console.print(f"[yellow]{obstacle}[/]")


def _document(state: ModelState) -> dict[str, object]:
    return {
        "name": state.model.name,
        "version": state.model.version,
        "serves": state.model.serves,
        "status": state.status,
        "path": str(state.path),
        "bytes": state.size,
        "licence": state.model.licence,
        "provenance": state.model.provenance,
        "obstacle": state.obstacle,
    }


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
