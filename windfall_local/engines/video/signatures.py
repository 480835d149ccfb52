"""Every frame of a video as a few hundred bytes: enough to see cuts, fades, black and bars."""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np

from windfall_local.engines.vision.arrays import Array

LUMA, CHROMA = (9, 16), (5, 8)
"""Rows and columns of the means of brightness and of colour."""

SIGNATURE = np.dtype(
    [
        ("at", "<f8"),
        ("black", "<f4"),
        ("bars", "u1"),
        ("luma", "u1", LUMA),
        ("blue", "u1", CHROMA),
        ("red", "u1", CHROMA),
    ]
)
"""A frame: its time in seconds, the part of its pixels that is black (0 to 1), whether it shows
colour bars, and its planes in means. 237 bytes: an hour at 30 frames a second is 26 MB."""

_PLANAR = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"}
_ACROSS = 320
_EACH = 4
"""Black is counted on every fourth pixel of every fourth row."""


def signature_of(at: float, frame: Any, black: float, full_range: bool) -> Array:
    """The signature of a frame.

    Args:
        at: Its time.
        frame: As PyAV decoded it.
        black: The part of the luma range up to which a pixel is black.
        full_range: Whether luma goes from 0 to 255.
    """
    if frame.format.name not in _PLANAR:
        frame = frame.reformat(format="yuv420p")
    luma, blue, red = (_plane(plane) for plane in frame.planes[:3])
    low, span = (0.0, 255.0) if full_range else (16.0, 219.0)
    signature: Array = np.zeros((), SIGNATURE)
    signature["at"] = at
    signature["black"] = np.mean(luma[::_EACH, ::_EACH] <= low + black * span)
    signature["bars"] = shows_bars(luma, blue, red)
    signature["luma"] = _means(luma, LUMA)
    signature["blue"] = _means(blue, CHROMA)
    signature["red"] = _means(red, CHROMA)
    return signature


def _plane(plane: Any) -> Array:
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _means(plane: Array, shape: tuple[int, int]) -> Array:
    # Hundreds of pixels for each mean are enough, and a large picture has tens of thousands.
    step = max(1, plane.shape[1] // _ACROSS)
    return cv2.resize(plane[::step, ::step], shape[::-1], interpolation=cv2.INTER_AREA)


# --- Colour bars --------------------------------------------------------------------------------

_HUES = (None, 173.0, 286.0, 231.0, 51.0, 106.0, 353.0)
"""Degrees in the plane of blue and red (the mean of BT.601 and BT.709) of white, yellow, cyan,
which is the order of the bars of SMPTE; white has none."""
_HUE_OFF, _COLOURFUL, _COLOURLESS = 20.0, 25.0, 8.0
_HEIGHTS = (0.12, 0.3, 0.48)
_LAYOUTS = ((0.0, 1.0), (0.125, 0.875))
"""Where the seven bars begin and end: SMPTE EG 1, and RP 219 with grey at its sides."""


def shows_bars(luma: Array, blue: Array, red: Array) -> bool:
    """Whether SMPTE's seven bars stand in the upper half of a picture."""
    return any(_has_bars(luma, blue, red, *layout) for layout in _LAYOUTS)


def _has_bars(luma: Array, blue: Array, red: Array, left: float, right: float) -> bool:
    brightness = []
    for number, hue in enumerate(_HUES):
        column = left + (right - left) * (number + 0.5) / len(_HUES)
        spots = [[_at(plane, column, height) for height in _HEIGHTS] for plane in (luma, blue, red)]
        if max(max(spot) - min(spot) for spot in spots) > _COLOURLESS:
            return False
        bright, x, y = (float(np.mean(spot)) for spot in spots)
        x, y = x - 128, y - 128
        if hue is None and np.hypot(x, y) > _COLOURLESS:
            return False
        if hue is not None and not _is_hue(x, y, hue):
            return False
        brightness.append(bright)
    # Each bar is darker than the one before; only red and magenta come close in some standards.
    return all(one > other for one, other in itertools.pairwise(brightness))


def _is_hue(x: float, y: float, hue: float) -> bool:
    off = abs((np.degrees(np.arctan2(y, x)) - hue + 180) % 360 - 180)
    return bool(np.hypot(x, y) >= _COLOURFUL and off <= _HUE_OFF)


def _at(plane: Array, x: float, y: float) -> float:
    return float(plane[int(y * plane.shape[0]), int(x * plane.shape[1])])
