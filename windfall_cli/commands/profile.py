"""`windfall profile`: the settings that files are analyzed with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError
from pydantic import ValidationError

from windfall.contracts.profile import Profile
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.errors import CommandError
from windfall_cli.scripts import script_folder_of, with_packed_script
from windfall_cli.stack import Stack, open_stack

app = typer.Typer(help="Profiles: what is found out about which files. See docs/profiles.md.")

NameArgument = Annotated[str, typer.Argument(help="The profile's name: the first folder of a key.")]


@app.command("list")
@command
def list_profiles(stack: StackOption = None, as_json: JsonOption = False) -> None:
    """Show the names of all profiles."""
    names = sorted(profile_names(open_stack(stack)))
    if as_json:
        print_json(names)
        return
    for name in names:
        console.print(plain(name))


@app.command("show")
@command
def show_profile(name: NameArgument = "default", stack: StackOption = None) -> None:
    """Print a profile as JSON, with every default filled in."""
    chosen = open_stack(stack)
    try:
        parameter = chosen.client("ssm").get_parameter(Name=_parameter(chosen, name))["Parameter"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        raise CommandError(f"There is no profile {name!r}.", "windfall profile list") from error
    print_json(_validate(parameter["Value"], name).model_dump(mode="json"))


@app.command("save")
@command
def save_profile(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="Its JSON document; - for standard input.")],
    stack: StackOption = None,
) -> None:
    """Check a profile and save it; files dropped from now on are analyzed with it."""
    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} can not be read: {error}") from error
    document = _parsed(text, str(file))
    if script_folder_of(document) is not None:
        base = Path.cwd() if str(file) == "-" else file.parent
        text = json.dumps(with_packed_script(document, base, open_stack(stack)), indent=2)
    _validate(text, str(file))
    chosen = open_stack(stack)
    chosen.client("ssm").put_parameter(
        Name=_parameter(chosen, name), Value=text, Type="String", Overwrite=True
    )
    console.print(f"Saved: keys that begin with {plain(name)}/ use it.")


def profile_names(stack: Stack) -> set[str]:
    """The names of a stack's profiles."""
    path = stack.output("ProfilesPath")
    pages = stack.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
    return {
        parameter["Name"].rpartition("/")[2] for page in pages for parameter in page["Parameters"]
    }


def _parsed(text: str, origin: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"{origin} is not JSON: {error}") from error


def _parameter(stack: Stack, name: str) -> str:
    return f"{stack.output('ProfilesPath')}/{name}"


def _validate(text: str, origin: str) -> Profile:
    try:
        return Profile.model_validate(_parsed(text, origin))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
        )
        raise CommandError(f"{origin} is not a profile: {problems}", "docs/profiles.md") from error
