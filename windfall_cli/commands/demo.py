"""`windfall demo`: real files, dropped into the local cloud, and what comes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from windfall.contracts.manifest import Manifest
from windfall_cli.commands.cloud import DEFAULT_PORT, TEMPLATE, start_in_background
from windfall_cli.console import command, console
from windfall_cli.errors import CommandError
from windfall_cli.files import draw_insights, read_engine, read_manifest, read_results
from windfall_cli.follow import follow_files
from windfall_cli.home import LocalAddress
from windfall_cli.inbox import drop_file
from windfall_cli.render import render_insights
from windfall_cli.screenshots import screenshot
from windfall_cli.stack import Stack, open_stack

FILES = (
    "portrait.jpg",
    "page.png",
    "speech.flac",
    "clip.mp4",
    "letter.txt",
    "queja.txt",
    "backup.zip",
)
FOLDER = Path(__file__).parents[2] / "demo"

PicturesOption = Annotated[
    Path,
    typer.Option("--pictures", help="Where pictures of the insights go.", metavar="FOLDER"),
]


@command
def demo(pictures: PicturesOption = Path("demo-pictures")) -> None:
    """Start the local cloud if need be, drop seven real files and show what was found in them."""
    if not FOLDER.is_dir():
        raise CommandError("The demo's files lie in the repository's folder demo/.", "make demo")
    if LocalAddress.load() is None:
        start_in_background(TEMPLATE, DEFAULT_PORT, "windfall")
    stack = open_stack(None)
    dropped = [drop_file(stack, FOLDER / name, name) for name in FILES]
    follow_files(stack, dropped)
    pictures.mkdir(parents=True, exist_ok=True)
    for one in dropped:
        manifest = read_manifest(stack, one.file_id)
        console.rule()
        console.print(_insights(stack, manifest))
        for picture in _draw(stack, manifest, pictures):
            console.print(f"Picture: {picture}")
    console.rule()
    console.print("Look at all of it, and search it, in the browser: windfall browse")
    console.print("The local cloud goes on. Drop files of your own: windfall drop FILE --wait")
    console.print("(windfall is .venv/bin/windfall). End it: windfall down")


def _insights(stack: Stack, manifest: Manifest) -> Group:
    results, engine = read_results(stack, manifest), read_engine(stack, manifest)
    return render_insights(manifest, results, everything=False, engine=engine)


def _draw(stack: Stack, manifest: Manifest, folder: Path) -> list[Path]:
    """The insights as they look in the terminal; of pictures also the boxes drawn over them."""
    results = read_results(stack, manifest)
    name = Path(manifest.key).stem
    drawn = [folder / f"{name}.svg"]
    title = f"windfall show {manifest.key}"
    drawn[0].write_text(screenshot(_insights(stack, manifest), title), encoding="utf-8")
    if manifest.kind in {"image", "video"}:
        drawn.append(folder / f"{name}.png")
        drawn[1].write_bytes(draw_insights(stack, manifest, results))
    return drawn
