"""Bytes to pixels: upright, RGB, and no larger than the models can use."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from windfall_local.engines import InvalidMediaError
from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.header import Header, read_header, without_color_profile

MAX_PIXELS = 10_000 * 10_000
"""More is refused: it is what Rekognition takes at most, and 300 MB as 8-bit RGB."""
_REDUCED = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture.

    Attributes:
        pixels: RGB, 8 bit, height x width x 3, at most as large as was asked for.
        width: Of the original, upright.
        height: Of the original, upright.
    """

    pixels: Array
    width: int
    height: int


def read_picture(content: bytes, longest_side: int) -> Picture:
    """Decode a PNG or JPEG, turned as its EXIF data says, and shrink it to the longest side.

    A JPEG is shrunk while it is decoded, so that a 100-megapixel one costs a few megabytes.
    Transparent parts become white.

    Raises:
        InvalidMediaError: It is neither, is broken, or has more than `MAX_PIXELS`.
    """
    header = read_header(content)
    if header.width * header.height > MAX_PIXELS:
        raise InvalidMediaError(
            f"The picture has {header.width} x {header.height} pixels; {MAX_PIXELS:,} are the most."
        )
    if header.format == "png":
        content = without_color_profile(content)
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), _flags(header, longest_side))
    if decoded is None:
        raise InvalidMediaError("The picture is broken: it can't be decoded.")
    tall = decoded.shape[0] > decoded.shape[1]
    width, height = header.width, header.height
    if tall != (height > width):
        width, height = height, width
    return Picture(_to_rgb(_shrink(decoded, longest_side)), width, height)


def _flags(header: Header, longest_side: int) -> int:
    if header.alpha:
        return int(cv2.IMREAD_UNCHANGED)
    if header.format == "jpeg":
        for factor in (8, 4, 2):
            if max(header.width, header.height) >= factor * longest_side:
                return int(_REDUCED[factor])
    return int(cv2.IMREAD_COLOR)


def _shrink(pixels: Array, longest_side: int) -> Array:
    scale = longest_side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = [max(1, round(side * scale)) for side in (pixels.shape[1], pixels.shape[0])]
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _to_rgb(pixels: Array) -> Array:
    if pixels.dtype != np.uint8:
        pixels = (pixels / 257).astype(np.uint8)
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    if pixels.shape[2] == 4:
        alpha = pixels[:, :, 3:].astype(np.uint16)
        blended = (pixels[:, :, :3] * alpha + 255 * (255 - alpha)) // 255
        pixels = blended.astype(np.uint8)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
