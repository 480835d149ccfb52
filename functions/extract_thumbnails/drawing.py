"""Pictures of a video: one of a moment, upright and small, and a sheet of many."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from windfall.media import beginning, frames

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_SIDE = 480
"""Pixels of a thumbnail."""
_QUALITY = 85
_COLUMNS, _MOST_ON_SHEET = 4, 24
_CELL, _CAPTION, _GAP = 240, 22, 8
"""Pixels on the sheet: a picture's box, the line with its time, and what parts them."""
_PAPER, _INK = "#ffffff", "#333333"


def picture_at(container: Any, milliseconds: int) -> Any | None:
    """The picture that is seen at a moment, upright; None behind the last one."""
    track = container.streams.video[0]
    wanted = beginning(container) + milliseconds / 1000
    container.seek(int(wanted / track.time_base), stream=track, backward=True, any_frame=False)
    last = None
    for frame in frames(container, track):
        if frame.time is not None and frame.time > wanted and last is not None:
            break
        last = frame
        if frame.time is not None and frame.time >= wanted:
            break
    return None if last is None else _upright(last, track.sample_aspect_ratio)


def _upright(frame: Any, shape: Any) -> Any:
    """Small, as wide as a player shows it (`shape` is that of a pixel), and turned."""
    picture = frame.to_image()
    if shape and shape != 1:
        picture = picture.resize((max(1, round(picture.width * float(shape))), picture.height))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def as_jpeg(picture: Any) -> bytes:
    """A picture as a file."""
    body = io.BytesIO()
    picture.convert("RGB").save(body, "JPEG", quality=_QUALITY, optimize=True)
    return body.getvalue()


def sheet_of(pictures: Sequence[tuple[int, bytes]]) -> bytes:
    """Pictures, each with its time below it, as one JPEG; of more than a sheet holds, some."""
    if len(pictures) > _MOST_ON_SHEET:
        every = len(pictures) / _MOST_ON_SHEET
        pictures = [pictures[int(number * every)] for number in range(_MOST_ON_SHEET)]
    opened = [(time, Image.open(io.BytesIO(body))) for time, body in pictures]
    for _, picture in opened:
        picture.thumbnail((_CELL, _CELL))
    height = max(picture.height for _, picture in opened)
    columns = min(_COLUMNS, len(opened))
    rows = -(-len(opened) // columns)
    across, down = _CELL + _GAP, height + _CAPTION + _GAP
    sheet = Image.new("RGB", (columns * across + _GAP, rows * down + _GAP), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, (time, picture) in enumerate(opened):
        left = _GAP + number % columns * across
        top = _GAP + number // columns * down
        sheet.paste(picture, (left + (_CELL - picture.width) // 2, top))
        draw.text((left + 2, top + height + 3), spelled(time), _INK, font)
    return as_jpeg(sheet)


def spelled(milliseconds: int) -> str:
    """A time as players show it: `1:02:03.5`."""
    tenths = milliseconds // 100
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02}.{rest % 10}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"
