"""`windfall demo`: real files, dropped into the local cloud, and what comes of them."""

from __future__ import annotations

from pathlib import Path

from windfall.contracts.base import S3Pointer
from windfall_cli.commands.cloud import DEFAULT_PORT, TEMPLATE, start_in_background
from windfall_cli.console import command, console
from windfall_cli.errors import CommandError
from windfall_cli.files import read_manifest, read_object, read_results
from windfall_cli.follow import follow_files
from windfall_cli.home import LocalAddress
from windfall_cli.inbox import drop_file
from windfall_cli.pictures import annotate
from windfall_cli.render import render_insights
from windfall_cli.stack import open_stack

FILES = ("portrait.jpg", "page.png", "letter.txt", "queja.txt", "backup.zip")
FOLDER = Path(__file__).parents[2] / "demo"


@command
def demo() -> None:
    """Start the local cloud if need be, drop five real files and show what was found in them."""
    if not FOLDER.is_dir():
        raise CommandError("The demo's files lie in the repository's folder demo/.", "make demo")
    if LocalAddress.load() is None:
        start_in_background(TEMPLATE, DEFAULT_PORT, "windfall")
    stack = open_stack(None)
    dropped = [drop_file(stack, FOLDER / name, f"demo/{name}") for name in FILES]
    follow_files(stack, dropped)
    for one in dropped:
        manifest = read_manifest(stack, one.file_id)
        results = read_results(stack, manifest)
        console.rule()
        console.print(render_insights(manifest, results, everything=False))
        if manifest.kind == "image":
            pointer = S3Pointer(bucket=one.bucket, key=one.key, version_id=one.version_id)
            picture = Path(f"demo-{Path(one.key).stem}.png")
            picture.write_bytes(annotate(read_object(stack, pointer), results))
            console.print(f"Drawn: {picture}")
    console.rule()
    console.print("The local cloud goes on. Drop files of your own: windfall drop FILE --wait")
    console.print("End it: windfall down")
