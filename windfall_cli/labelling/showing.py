"""An item in the terminal: a row as a small table, a picture in coloured half blocks."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from windfall.addresses import object_at
from windfall_cli.console import plain
from windfall_cli.errors import CommandError
from windfall_cli.files import read_object
from windfall_cli.labelling.manifests import Item
from windfall_cli.stack import open_stack

COLUMNS, LINES = 72, 24


def show_item(item: Item, stack: str | None) -> RenderableType:
    """What a person looks at to label an item.

    Raises:
        CommandError: The object that it refers to can not be read.
    """
    if item.reference is not None:
        return picture(_bytes_of(item.reference, stack), item.reference)
    return row_or_text(item)


def row_or_text(item: Item) -> RenderableType:
    """The cells of a row, each with its column; any other text as it stands."""
    text = item.text or ""
    try:
        cells: Any = json.loads(text)
    except (ValueError, RecursionError):
        cells = None
    if not isinstance(cells, dict):
        return plain(text)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, cell in cells.items():
        table.add_row(Text(plain(str(name)).plain, "dim"), plain(str(cell)))
    return table


def picture(body: bytes, name: str) -> RenderableType:
    """A picture: each character has two pixels, one above the other.

    Raises:
        CommandError: It is no picture.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - for pictures only

    try:
        opened = ImageOps.exif_transpose(Image.open(io.BytesIO(body))).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise CommandError(f"{name} is no picture that can be shown.") from error
    opened.thumbnail((COLUMNS, 2 * LINES))
    width, height = opened.size
    pixels: Any = opened.load()
    shown = Text()
    for top in range(0, height, 2):
        for left in range(width):
            upper = "#{:02x}{:02x}{:02x}".format(*pixels[left, top])
            lower = "#{:02x}{:02x}{:02x}".format(*pixels[left, min(top + 1, height - 1)])
            shown.append("▀", f"{upper} on {lower}")
        shown.append("\n")
    return shown


def _bytes_of(reference: str, stack: str | None) -> bytes:
    if reference.startswith("s3://"):
        return bytes(read_object(open_stack(stack), object_at(reference)))
    try:
        return Path(reference).read_bytes()
    except OSError as error:
        raise CommandError(f"{reference} can not be read: {error}") from error
