"""A picture that is being drawn: shapes and texts on a white sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

# Okabe and Ito's palette, which people with any colour vision tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK, FAINT, GRID = "#1f2328", "#59636e", "#d8dee4"
FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
_NAMESPACE = "http://www.w3.org/2000/svg"
_LETTER = 0.56
"""The mean width of a letter, by the font's size: texts are measured without a font at hand."""
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may have, not even escaped."""

Point = tuple[float, float]


class Drawing:
    """A sheet of a fixed size, from the upper left corner.

    Args:
        title: What the picture shows; also what a screen reader says.
    """

    def __init__(self, title: str, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._root = Xml.Element(
            "svg",
            {
                "xmlns": _NAMESPACE,
                "viewBox": f"0 0 {width:g} {height:g}",
                "width": f"{width:g}",
                "height": f"{height:g}",
                "role": "img",
                "font-family": FONT,
                "font-size": "12",
            },
        )
        Xml.SubElement(self._root, "title").text = _clean(title)
        self.box(0, 0, width, height, "#ffffff")
        self.text(16, 24, title, size=14, bold=True)

    def box(
        self, left: float, top: float, width: float, height: float, fill: str, hint: str = ""
    ) -> None:
        """A filled rectangle; `hint` shows when the pointer is over it."""
        place = {"x": _n(left), "y": _n(top), "width": _n(width), "height": _n(height)}
        element = Xml.SubElement(self._root, "rect", {**place, "fill": fill})
        if hint:
            Xml.SubElement(element, "title").text = _clean(hint)

    def line(
        self, start: Point, end: Point, colour: str = GRID, width: float = 1, dashes: str = ""
    ) -> None:
        """A straight line."""
        place = {"x1": _n(start[0]), "y1": _n(start[1]), "x2": _n(end[0]), "y2": _n(end[1])}
        stroke = {"stroke": colour, "stroke-width": _n(width)}
        dashed = {"stroke-dasharray": dashes} if dashes else {}
        Xml.SubElement(self._root, "line", {**place, **stroke, **dashed})

    def curve(self, points: Sequence[Point], colour: str, width: float = 2) -> None:
        """Straight lines from point to point."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        stroke = {"stroke": colour, "stroke-width": _n(width), "stroke-linejoin": "round"}
        Xml.SubElement(self._root, "polyline", {"points": path, "fill": "none", **stroke})

    def dot(self, point: Point, radius: float, colour: str, hint: str = "") -> None:
        """A filled circle."""
        place = {"cx": _n(point[0]), "cy": _n(point[1]), "r": _n(radius)}
        element = Xml.SubElement(self._root, "circle", {**place, "fill": colour})
        if hint:
            Xml.SubElement(element, "title").text = _clean(hint)

    def text(
        self,
        left: float,
        base: float,
        text: str,
        *,
        anchor: str = "start",
        size: float = 12,
        colour: str = INK,
        bold: bool = False,
        turned: bool = False,
        most: float | None = None,
    ) -> None:
        """A line of text.

        Args:
            left: Where it starts, ends or has its middle, as `anchor` says.
            base: The line that it stands on.
            text: What it says.
            anchor: `start`, `middle` or `end`.
            size: Of the letters.
            colour: Of the letters.
            bold: Whether it is set bold.
            turned: Whether it runs upwards.
            most: Its width; a longer text is cut and shown whole under the pointer.
        """
        shown = text if most is None else _cut(text, most, size)
        attributes = {"x": _n(left), "y": _n(base), "text-anchor": anchor, "fill": colour}
        if size != 12:
            attributes["font-size"] = _n(size)
        if bold:
            attributes["font-weight"] = "600"
        if turned:
            attributes["transform"] = f"rotate(-90 {_n(left)} {_n(base)})"
        element = Xml.SubElement(self._root, "text", attributes)
        element.text = _clean(shown)
        if shown != text:
            Xml.SubElement(element, "title").text = _clean(text)

    def svg(self) -> str:
        """The picture, to be put into a page or a file."""
        return Xml.tostring(self._root, encoding="unicode")


def text_width(text: str, size: float = 12) -> float:
    """About how wide a text is."""
    return len(text) * size * _LETTER


def _cut(text: str, most: float, size: float) -> str:
    letters = max(1, int(most / (size * _LETTER)))
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _n(value: float) -> str:
    return f"{round(value, 1):g}"
