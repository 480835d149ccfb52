"""Pictures of a distribution: one drawing, as SVG and as PNG.

Colours are of Okabe and Ito's palette, which people with any colour vision tell apart.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from join_predictions.distribution import Bar

WIDTH, HEIGHT = 800, 400
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 50, 20, 60
_BLUE, _INK, _GREY = "#0072B2", "#222222", "#d0d0d0"
_TEXT = 13
_LONGEST_LABEL = 14
_SLANTED_ABOVE = 12


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    left: float
    top: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `anchor` is the place of its baseline's point within it."""

    left: float
    top: float
    text: str
    anchor: Literal["start", "middle", "end"] = "middle"
    size: int = _TEXT


Mark = Box | Words


def draw(title: str, axis: str, bars: Sequence[Bar]) -> list[Mark]:
    """A bar chart: how many rows each bar stands for."""
    highest = max((bar.rows for bar in bars), default=0) or 1
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    marks: list[Mark] = [
        Box(0, 0, WIDTH, HEIGHT, "#ffffff"),
        Words(WIDTH / 2, 28, title, size=17),
        Words(WIDTH / 2, HEIGHT - 12, axis),
    ]
    for line in range(5):
        top = _TOP + height * (1 - line / 4)
        marks.append(Box(_LEFT, top, width, 1, _GREY))
        marks.append(Words(_LEFT - 8, top + 4, _short(highest * line / 4), "end"))
    step = width / max(len(bars), 1)
    # With many bars every second or third has its label, so that none covers the next.
    every = max(1, -(-len(bars) // _SLANTED_ABOVE))
    for place, bar in enumerate(bars):
        tall = height * bar.rows / highest
        left = _LEFT + place * step
        marks.append(Box(left + step * 0.06, _TOP + height - tall, step * 0.88, tall, _BLUE))
        if place % every == 0:
            label = bar.label
            if len(label) > _LONGEST_LABEL:
                label = f"{label[: _LONGEST_LABEL - 1]}…"
            marks.append(Words(left + step / 2, HEIGHT - _BOTTOM + 18, label))
    return marks


def as_svg(marks: Sequence[Mark]) -> bytes:
    """The drawing as SVG, without scripts or anything that is fetched."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" fill="{_INK}">'
    ]
    for mark in marks:
        if isinstance(mark, Box):
            lines.append(
                f'<rect x="{mark.left:.1f}" y="{mark.top:.1f}" width="{mark.width:.1f}"'
                f' height="{mark.height:.1f}" fill="{mark.colour}"/>'
            )
        else:
            lines.append(
                f'<text x="{mark.left:.1f}" y="{mark.top:.1f}" font-size="{mark.size}"'
                f' text-anchor="{mark.anchor}">{escape(_printable(mark.text))}</text>'
            )
    return "\n".join([*lines, "</svg>", ""]).encode()


def as_png(marks: Sequence[Mark]) -> bytes:
    """The drawing as PNG, at twice its size."""
    # Pillow takes 80 ms to import: not before there is something to draw.
    image_module: Any = importlib.import_module("PIL.Image")
    draw_module: Any = importlib.import_module("PIL.ImageDraw")
    font_module: Any = importlib.import_module("PIL.ImageFont")
    image = image_module.new("RGB", (2 * WIDTH, 2 * HEIGHT), "white")
    pen = draw_module.Draw(image)
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for mark in marks:
        if isinstance(mark, Box):
            right, bottom = 2 * (mark.left + mark.width), 2 * (mark.top + mark.height)
            if mark.height > 0:
                pen.rectangle((2 * mark.left, 2 * mark.top, right, bottom), fill=mark.colour)
        else:
            font = font_module.load_default(2 * mark.size)
            place = (2 * mark.left, 2 * mark.top)
            text = _printable(mark.text)
            pen.text(place, text, font=font, fill=_INK, anchor=anchors[mark.anchor])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _short(number: float) -> str:
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= limit:
            return f"{number / (1e3 if unit == 'k' else limit):g}{unit}"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def _printable(text: str) -> str:
    """Without control characters: XML has no way to write them."""
    return "".join(character if character.isprintable() else " " for character in text)
