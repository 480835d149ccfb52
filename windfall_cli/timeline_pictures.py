"""A picture of a video: its shots with the boxes of what is seen, and lanes over time below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from windfall_cli.videos import spelled, things_of

WIDTH = 1_280
"""Pixels."""
_COLUMNS, _MOST_PICTURES = 4, 12
_GAP, _LINE, _NAMES = 12, 26, 190
"""Pixels between pictures, of a lane, and of the names before the lanes."""
_MOST_LANES = 14
_NEAR = 1_500
"""Milliseconds: a box that was seen longer ago is not where the thing is now."""

# Okabe and Ito's palette, which people with any colour vision tell apart.
_COLOURS = {
    "shot": "#56B4E9",
    "technical_cue": "#999999",
    "speech": "#E69F00",
    "face": "#D55E00",
    "celebrity": "#CC79A7",
    "known_face": "#CC79A7",
    "label": "#0072B2",
    "text": "#009E73",
    "moderation": "#000000",
}
_INK, _PAPER, _PALE = "#222222", "#ffffff", "#eeeeee"

Interval = Mapping[str, Any]


def draw_timeline(timeline: Mapping[str, Any], thumbnails: Mapping[str, bytes]) -> bytes:
    """The picture, as PNG.

    Args:
        timeline: As in `timeline.json`.
        thumbnails: The files of its thumbnails, by name.
    """
    chosen = _chosen([one for one in timeline.get("thumbnails", []) if one["name"] in thumbnails])
    intervals = timeline["intervals"]
    cells = [_picture(one, thumbnails[one["name"]], intervals) for one in chosen]
    height = max((cell.height for cell in cells), default=0)
    rows = -(-len(cells) // _COLUMNS)
    lanes = _lanes(intervals)
    top = _GAP + rows * (height + _LINE + _GAP)
    sheet = Image.new("RGB", (WIDTH, top + (len(lanes) + 1) * _LINE + _GAP), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, (one, cell) in enumerate(zip(chosen, cells, strict=True)):
        left = _GAP + number % _COLUMNS * (_cell_width() + _GAP)
        upper = _GAP + number // _COLUMNS * (height + _LINE + _GAP)
        sheet.paste(cell, (left + (_cell_width() - cell.width) // 2, upper))
        draw.text((left + 2, upper + height + 4), spelled(one["time"]), _INK, font)
    _draw_lanes(draw, lanes, top, max(1, timeline["duration"]), font)
    answer = BytesIO()
    sheet.save(answer, "PNG", optimize=True)
    return answer.getvalue()


def _cell_width() -> int:
    return (WIDTH - _GAP * (_COLUMNS + 1)) // _COLUMNS


def _chosen(thumbnails: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if len(thumbnails) <= _MOST_PICTURES:
        return list(thumbnails)
    step = len(thumbnails) / _MOST_PICTURES
    return [thumbnails[int(number * step)] for number in range(_MOST_PICTURES)]


def _picture(one: Mapping[str, Any], body: bytes, intervals: Sequence[Interval]) -> Image.Image:
    with Image.open(BytesIO(body)) as opened:
        picture = opened.convert("RGB")
    scale = min(_cell_width() / picture.width, _cell_width() / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    for interval in intervals:
        for box in _boxes_at(interval, one["time"]):
            _draw_box(draw, box, interval, picture.size, font)
    return picture


def _boxes_at(interval: Interval, time: int) -> list[Mapping[str, float]]:
    """Where the thing of an interval is at a time: where it was seen last, or is seen next."""
    boxes = interval.get("boxes", [])
    if not boxes or not interval["start"] <= time < interval["end"]:
        return []
    nearest = min((box["time"] for box in boxes), key=lambda seen: abs(seen - time))
    if abs(nearest - time) > _NEAR:
        return []
    return [box for box in boxes if box["time"] == nearest]


def _draw_box(
    draw: ImageDraw.ImageDraw,
    box: Mapping[str, float],
    interval: Interval,
    size: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    left, top = box["left"] * size[0], box["top"] * size[1]
    right, bottom = left + box["width"] * size[0], top + box["height"] * size[1]
    colour = _COLOURS[interval["kind"]]
    draw.rectangle((left, top, right, bottom), outline=colour, width=2)
    # Text that was read already says what it is; a caption would cover the next line.
    if interval["kind"] == "text":
        return
    caption = str(interval["value"])[:24]
    width = draw.textlength(caption, font=font)
    above = max(0.0, top - 17)
    draw.rectangle((left, above, left + width + 6, above + 17), fill=colour)
    draw.text((left + 3, above + 1), caption, "white", font)


def _lanes(intervals: Sequence[Interval]) -> list[tuple[str, str, Sequence[Interval]]]:
    """Name, kind and intervals of each lane: shots, speech, faces and texts as one, the others."""
    lanes: list[tuple[str, str, Sequence[Interval]]] = []
    for kind, name in (
        ("shot", "shots"),
        ("speech", "speech"),
        ("face", "faces"),
        ("text", "text"),
    ):
        found = [one for one in intervals if one["kind"] == kind]
        if found:
            lanes.append((name, kind, found))
    rest = [
        one
        for one in intervals
        if one["kind"] in {"label", "celebrity", "known_face", "moderation"}
    ]
    lanes += [(thing.value, thing.kind, thing.intervals) for thing in things_of(rest)]
    return lanes[:_MOST_LANES]


def _draw_lanes(
    draw: ImageDraw.ImageDraw,
    lanes: Sequence[tuple[str, str, Sequence[Interval]]],
    top: int,
    duration: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    left, right = _NAMES, WIDTH - _GAP
    width = right - left
    for number, (name, kind, found) in enumerate(lanes):
        upper = top + number * _LINE
        draw.text((_GAP, upper + 4), name[:24], _INK, font)
        draw.rectangle((left, upper + 3, right, upper + _LINE - 4), fill=_PALE)
        for one in found:
            start = left + one["start"] * width / duration
            end = max(start + 2, left + one["end"] * width / duration - 3)
            draw.rectangle((start, upper + 3, end, upper + _LINE - 4), fill=_COLOURS[kind])
    below = top + len(lanes) * _LINE + 2
    draw.text((left, below), "0:00.0", _INK, font)
    text = spelled(duration)
    draw.text((right - draw.textlength(text, font=font), below), text, _INK, font)
