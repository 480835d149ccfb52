"""`windfall doctor`: what is there, what is missing, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict

import typer
from rich.table import Table

from windfall_cli.console import JsonOption, StackOption, command, console, print_json
from windfall_cli.findings import Finding
from windfall_cli.home import LocalAddress, data_dir
from windfall_cli.stack import open_stack
from windfall_cli.stack_checks import look_at
from windfall_local.engines.models import ModelStore

DISK_NEEDED = 500_000_000
"""Bytes: room for results beside the models; the models' own size is checked when pulled."""


@command
def doctor(stack: StackOption = None, as_json: JsonOption = False) -> None:
    """Look at what Windfall needs here, or at a stack on AWS; ends with 1 if something lacks."""
    findings = list(look_at(open_stack(stack)) if stack else _look_here())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        table = Table(box=None, show_header=False)
        for finding in findings:
            mark = "[green]✓[/]" if finding.ok else "[red]✗[/]"
            table.add_row(mark, finding.what, finding.found, f"[yellow]{finding.remedy}[/]")
        console.print(table)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _look_here() -> Iterator[Finding]:
    version = platform.python_version()
    yield Finding("Python", sys.version_info >= (3, 11), version, "")
    home = data_dir()
    existing = home if home.exists() else home.parent
    writable = os.access(existing, os.W_OK)
    yield Finding("data folder", writable, str(home), "" if writable else "set WINDFALL_HOME")
    free = shutil.disk_usage(existing).free
    yield Finding(
        "free disk",
        free >= DISK_NEEDED,
        f"{free / 1e9:.1f} GB",
        "" if free >= DISK_NEEDED else "make room: results of files lie there",
    )
    for state in ModelStore().states():
        installed = state.status == "installed"
        remedy = "" if installed else state.obstacle or "windfall models pull"
        yield Finding(f"model {state.model.name}", installed, state.status, remedy)
    address = LocalAddress.load()
    found = address.endpoint if address else "not running"
    yield Finding("local cloud", address is not None, found, "" if address else "windfall up")
