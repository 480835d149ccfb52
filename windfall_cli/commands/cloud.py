"""`windfall up` and `windfall down`: the local cloud's process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from windfall_cli.console import JsonOption, command, console, print_json
from windfall_cli.errors import CommandError
from windfall_cli.home import LocalAddress, data_dir, is_running
from windfall_cli.inbox import pauses

DEFAULT_PORT = 4590
TEMPLATE = Path(__file__).parents[2] / "template.yaml"
LOG_FILE = "up.log"

TemplateOption = Annotated[Path, typer.Option(help="The template to run.", metavar="FILE")]
PortOption = Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.")]


@command
def up(
    template: TemplateOption = TEMPLATE,
    port: PortOption = DEFAULT_PORT,
    name: Annotated[str, typer.Option("--name", help="The stack's name.")] = "windfall",
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also list what of the template has no local meaning.")
    ] = False,
    audit: Annotated[
        Path | None,
        typer.Option(help="Note every permission that a role needs, once.", metavar="FILE"),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            help="A value for a parameter of the template; again for more.", metavar="NAME=VALUE"
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="Let calls of the application go wrong, as in rekognition:*=throttle/3; again "
            "for more.",
            metavar="SERVICE:OPERATION=KIND/N",
        ),
    ] = None,
    fault_seed: Annotated[int, typer.Option(help="Another one hits other calls.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Start the local cloud and run the template in it, until Ctrl-C."""
    running = LocalAddress.load()
    if running is not None:
        raise CommandError(
            f"A local cloud is running already at {running.endpoint} (process {running.pid}).",
            "Use it, or end it: windfall down",
        )
    if not template.is_file():
        raise CommandError(f"There is no template {template}.")
    given = dict(_parameter(one) for one in parameter or [])
    if detach and (given or fault):
        raise CommandError(
            "--parameter and --fault go with a cloud in the foreground, not with --detach."
        )
    if detach:
        address = start_in_background(template, port, name)
        if as_json:
            print_json(address.public())
        else:
            console.print(f"The local cloud runs at {address.endpoint} (process {address.pid}).")
    else:
        from windfall_cli import serving  # noqa: PLC0415 - a second of imports that only this needs

        serving.run(
            template,
            port,
            name,
            parameters=given,
            audit=audit,
            faults=fault or [],
            fault_seed=fault_seed,
            verbose=verbose,
            as_json=as_json,
        )


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise CommandError(f"{text} is not NAME=VALUE.")
    return name, value


@command
def down(as_json: JsonOption = False) -> None:
    """End the running local cloud; what it accepted is kept and goes on at the next start."""
    address = LocalAddress.load()
    if address is not None:
        os.kill(address.pid, signal.SIGTERM)
        for _ in pauses():
            if not is_running(address.pid):
                break
    if as_json:
        print_json({"ended": address is not None})
    elif address is None:
        console.print("No local cloud is running.")
    else:
        console.print("The local cloud has ended; what it accepted is kept.")


def start_in_background(template: Path, port: int, name: str) -> LocalAddress:
    """Start the local cloud as a process of its own, and wait until it answers.

    Raises:
        CommandError: It ended before it answered; the message has its last words.
    """
    home = data_dir()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = home / LOG_FILE
    arguments = ["up", "--template", str(template), "--port", str(port), "--name", name]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "windfall_cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    for _ in pauses():
        address = LocalAddress.load()
        if address is not None:
            return address
        if process.poll() is not None:
            raise CommandError(f"The local cloud did not start:\n{log.read_text()[-2000:]}")
    raise AssertionError("pauses never end")
