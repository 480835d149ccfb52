"""`windfall drop` and `windfall watch`: files into the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from watchfiles import Change, watch

from windfall.contracts.manifest import FileStatus
from windfall_cli.commands.profile import profile_names
from windfall_cli.console import JsonOption, StackOption, command, console, plain, print_json
from windfall_cli.errors import CommandError
from windfall_cli.files import read_manifest
from windfall_cli.follow import follow_files
from windfall_cli.inbox import DroppedFile, drop_file
from windfall_cli.stack import Stack, open_stack

UPLOADS_AT_ONCE = 8
HELD = 3
"""The exit code when a file waits to be approved; 2 says that one failed."""
UNFINISHED = {".part", ".partial", ".crdownload", ".tmp", ".download"}

ProfileOption = Annotated[
    str | None, typer.Option(help="The profile to use, whatever the key says.", metavar="NAME")
]
TargetsOption = Annotated[
    str | None, typer.Option(help="Languages to translate into: en,es,fr", metavar="CODES")
]
FeaturesOption = Annotated[
    str | None, typer.Option(help="Features instead of the profile's: labels,faces", metavar="LIST")
]


@command
def drop(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders with all in them.")],
    wait: Annotated[bool, typer.Option("--wait", help="Follow the files to their end.")] = False,
    profile: ProfileOption = None,
    targets: TargetsOption = None,
    features: FeaturesOption = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drop files into the inbox."""
    chosen = open_stack(stack)
    metadata = _metadata(profile, targets, features)
    paths = list(keep_profiles(chosen, list(files_to_drop(files))))
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        dropped = list(pool.map(lambda one: drop_file(chosen, one[0], one[1], metadata), paths))
    if wait:
        _wait(chosen, dropped, as_json)
    elif as_json:
        print_json([_document(one) for one in dropped])
    else:
        for one in dropped:
            console.print(plain(one.key), f"[dim]{one.file_id}[/]")
        console.print(f"See what comes of it: windfall show {plain(dropped[0].key)}", style="dim")


@command
def watch_folder(
    folder: Annotated[Path, typer.Argument(help="The folder to watch, with all below it.")],
    existing: Annotated[
        bool, typer.Option("--existing", help="First drop what lies there already.")
    ] = False,
    profile: ProfileOption = None,
    targets: TargetsOption = None,
    features: FeaturesOption = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drop every file that appears or changes in a folder, until Ctrl-C."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.")
    chosen = open_stack(stack)
    metadata = _metadata(profile, targets, features)
    if existing:
        for path, key in files_to_drop([folder]):
            _tell(drop_file(chosen, path, key, metadata), as_json)
    if not as_json:
        console.print(f"Watching {plain(str(folder))}; Ctrl-C ends it.")
    # watchfiles waits until a burst of changes is over, so a file is not taken half-written.
    for changes in watch(folder, debounce=1_600, step=400, raise_interrupt=True):
        for change, name in sorted(changes, key=lambda one: one[1]):
            path = Path(name)
            if change is not Change.deleted and path.is_file() and _is_finished(path):
                key = path.relative_to(folder.resolve()).as_posix()
                _tell(drop_file(chosen, path, key, metadata), as_json)


def files_to_drop(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each file with its key: its name, or its path below the folder that was named."""
    found = False
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.is_file() and _is_finished(file):
                    found = True
                    yield file, file.relative_to(path).as_posix()
        elif path.is_file():
            found = True
            yield path, path.name
        else:
            raise CommandError(f"There is no file {path}.")
    if not found:
        raise CommandError(
            "There is nothing to drop.", "Name files, or folders with files in them."
        )


def keep_profiles(stack: Stack, files: Sequence[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    """A file that lies in a folder called as a profile keeps that folder in its key.

    So `windfall drop train/bank.csv` trains, as it does when the folder above is dropped.
    """
    folders = {path.parent.name for path, key in files if key == path.name} - {""}
    known = folders & profile_names(stack) if folders else set()
    for path, key in files:
        folder = path.parent.name
        yield path, f"{folder}/{key}" if key == path.name and folder in known else key


def _is_finished(path: Path) -> bool:
    return not path.name.startswith((".", "~")) and path.suffix.lower() not in UNFINISHED


def _metadata(profile: str | None, targets: str | None, features: str | None) -> dict[str, str]:
    options = {"profile": profile, "targets": targets, "features": features}
    return {f"windfall-{name}": value for name, value in options.items() if value is not None}


def _wait(stack: Stack, dropped: list[DroppedFile], as_json: bool) -> None:
    states = follow_files(stack, dropped, quiet=as_json)
    if as_json:
        print_json([read_manifest(stack, one.file_id).model_dump(mode="json") for one in dropped])
    if any(state.status == "failed" for state in states.values()):
        raise typer.Exit(2)
    held = [state.key for state in states.values() if state.status == FileStatus.HELD]
    if held:
        if not as_json:
            console.print(plain(f"Held: windfall approve {' '.join(held[:3])}"), style="blue")
            console.print("(or windfall reject; --all for all of them)", style="dim")
        raise typer.Exit(HELD)


def _tell(dropped: DroppedFile, as_json: bool) -> None:
    if as_json:
        print_json(_document(dropped))
    else:
        console.print(plain(dropped.key), f"[dim]{dropped.file_id}[/]")


def _document(dropped: DroppedFile) -> dict[str, str]:
    return {
        "file_id": dropped.file_id,
        "bucket": dropped.bucket,
        "key": dropped.key,
        "version_id": dropped.version_id,
        "path": dropped.path,
    }
