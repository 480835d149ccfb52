"""What commands print with: tables for people, JSON for programs, errors with their remedy."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from windfall.errors import WindfallError
from windfall_cli.errors import CommandError

P = ParamSpec("P")
R = TypeVar("R")

console = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)

StackOption = Annotated[
    str | None,
    typer.Option("--stack", help="A stack on AWS; without it, the local cloud.", metavar="NAME"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def print_json(document: Any) -> None:
    """Print one JSON document, alone on the standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def plain(text: str) -> Text:
    """Text that came from a file or its name: no mark-up, no control characters.

    A terminal obeys escape sequences wherever they come from, and bidirectional overrides make a
    name look like another one; both are shown as what they are.
    """
    return Text("".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text))


def explain(error: CommandError) -> None:
    """Print what is wrong, and what to do next."""
    stderr.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.remedy:
        stderr.print(Text.assemble(("next:  ", "bold"), error.remedy))


def fail(error: CommandError) -> NoReturn:
    """Say what is wrong and end with 1."""
    explain(error)
    raise typer.Exit(1) from error


def command(function: Callable[P, R]) -> Callable[P, R]:
    """A command: its errors are explained, and Ctrl-C ends it without a trace."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except CommandError as error:
            fail(error)
        except (ClientError, BotoCoreError, WindfallError) as error:
            fail(CommandError(str(error), "See what is running: windfall doctor"))
        except KeyboardInterrupt:
            stderr.print("\nStopped. What was dropped goes on: windfall status")
            raise typer.Exit(130) from None

    return run
