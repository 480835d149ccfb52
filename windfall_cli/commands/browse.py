"""`windfall browse`: the stack's files and insights as a page in the browser."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from windfall_cli.console import StackOption, command
from windfall_cli.stack import open_stack

NoOpenOption = Annotated[
    bool, typer.Option("--no-open", help="Only print the address; open no browser.")
]


@command
def browse(
    port: Annotated[
        int, typer.Option(help="Where the page listens; 0 takes a free port.", min=0, max=65535)
    ] = 0,
    no_open: NoOpenOption = False,
    stack: StackOption = None,
) -> None:
    """Look at files and search their insights in the browser: a page of this machine alone."""
    from windfall_cli.browse.library import Library  # noqa: PLC0415 - a web server and templates,
    from windfall_cli.browse.server import serve  # noqa: PLC0415 - which no other command needs

    library = Library(open_stack(stack))
    try:
        serve(library, port, open_browser=not no_open and _has_browser())
    finally:
        library.close()


def _has_browser() -> bool:
    """Whether somebody sits in front of this: a terminal, and on Linux a display."""
    displayed = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return sys.stdout.isatty() and displayed
