"""Names for colours: CSS's, and a few plain ones."""

from __future__ import annotations

import colorsys
from typing import Any

from PIL import ImageColor

from windfall_local.engines.vision.results import Color

CSS_COLORS: dict[str, tuple[int, ...]] = {
    # Of names that mean the same colour ("grey", "gray") the one that sorts last stays.
    name: ImageColor.getrgb(value)[:3]
    for value, name in sorted(
        {str(code).lower(): name for name, code in sorted(ImageColor.colormap.items())}.items()
    )
}


def css_color(red: int, green: int, blue: int) -> str:
    """The nearest of CSS's named colours, weighted as eyes see (a "redmean" distance)."""

    def distance(name: str) -> float:
        other_red, other_green, other_blue = CSS_COLORS[name]
        mean = (red + other_red) / 2
        return (
            (2 + mean / 256) * (red - other_red) ** 2
            + 4 * (green - other_green) ** 2
            + (2 + (255 - mean) / 256) * (blue - other_blue) ** 2
        )

    return min(CSS_COLORS, key=distance)


def simplified_color(red: int, green: int, blue: int) -> str:
    """One of eleven plain names."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    degrees = hue * 360
    if value < 0.18:
        return "black"
    if saturation < 0.15:
        return "white" if value > 0.85 else "grey"
    if 10 <= degrees < 45 and value < 0.65:
        return "brown"
    if degrees < 10 or degrees >= 340:
        return "pink" if saturation < 0.45 and value > 0.7 else "red"
    for limit, name in ((45, "orange"), (70, "yellow"), (165, "green"), (255, "blue")):
        if degrees < limit:
            return name
    return "purple" if degrees < 300 else "pink"


def color_shape(color: Color) -> dict[str, Any]:
    """A `DominantColor`."""
    rgb = color.red, color.green, color.blue
    return {
        "Red": color.red,
        "Green": color.green,
        "Blue": color.blue,
        "HexCode": "#{:02x}{:02x}{:02x}".format(*rgb),
        "CSSColor": css_color(*rgb),
        "SimplifiedColor": simplified_color(*rgb),
        "PixelPercent": color.share * 100,
    }
